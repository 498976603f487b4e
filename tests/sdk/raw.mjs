// SPDX-License-Identifier: Apache-2.0
// A WebSocket client that may do everything wrong: it sends the bytes that it is told to.

import {randomBytes} from 'node:crypto';
import net from 'node:net';

import {Recorder} from './harness.mjs';

export const kText = 1;
export const kBinary = 2;
export const kClose = 8;
export const kPing = 9;

// One frame as a client sends it, unless told otherwise.
export function frame(payload, {opcode = kText, fin = true, rsv = 0, masked = true, length} = {}) {
  const bytes = Buffer.from(payload);
  const announced = length ?? bytes.length;
  const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode];
  const mark = masked ? 0x80 : 0;
  if (announced < 126) head.push(mark | announced);
  else if (announced < 65_536) head.push(mark | 126, announced >> 8, announced & 255);
  else head.push(mark | 127, ...u64(announced));
  if (!masked) return Buffer.concat([Buffer.from(head), bytes]);
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, bytes.map((byte, i) => byte ^ mask[i % 4])]);
}

export function closeFrame(code, reason = '') {
  return frame(Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]),
               {opcode: kClose});
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export class RawSocket {
  constructor(port) {
    this.events = new Recorder();  // {status}, {opcode, payload}, {ended: true}
    this.received = Buffer.alloc(0);
    this.upgraded = false;
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('error', () => {});  // Followed by 'close'.
    this.socket.on('close', () => this.events.push({ended: true}));
    this.socket.on('data', (data) => this.read(data));
  }

  // A connection that has been upgraded.
  static async open(port, headers = []) {
    const raw = new RawSocket(port);
    raw.write(handshake(headers));
    const status = await raw.status();
    if (status !== 101) throw new Error(`handshake answered ${status}`);
    return raw;
  }

  // One that has also sent connect.
  static async connected(port, headers = []) {
    const raw = await RawSocket.open(port, headers);
    raw.send({id: 1, connect: {}});
    await raw.reply(1);
    return raw;
  }

  write(bytes) { if (this.socket.writable) this.socket.write(bytes); }

  // One text frame with these commands, objects or text.
  send(...commands) {
    this.write(frame(commands.map(
        (one) => typeof one === 'string' ? one : JSON.stringify(one)).join('\n')));
  }

  async status() {
    const [first] = await this.events.until(
        (list) => list.some((one) => one.status || one.ended), 'an answer to the request');
    return first.status ?? 'ended';
  }

  async reply(id) {
    await this.events.until(() => this.replies().some((one) => one.id === id), `reply ${id}`);
    return this.replies().find((one) => one.id === id);
  }

  replies() {
    return this.events.list.filter(({opcode}) => opcode === kText)
        .flatMap(({payload}) => payload.toString().split('\n'))
        .map((line) => JSON.parse(line));
  }

  // How the server ended this connection: the code of its close frame, or 'ended' without one.
  async end(waitMs) {
    const list = await this.events.until(
        (all) => all.some(({opcode, ended}) => opcode === kClose || ended), 'the end', waitMs);
    const close = list.find(({opcode}) => opcode === kClose);
    this.socket.destroy();
    return close?.payload.length >= 2 ? close.payload.readUInt16BE() : 'ended';
  }

  read(data) {
    this.received = Buffer.concat([this.received, data]);
    if (!this.upgraded) this.readStatus();
    while (this.upgraded && this.readFrame());
  }

  readStatus() {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.received.subarray(0, end).toString('latin1');
    this.received = this.received.subarray(end + 4);
    const status = Number(head.split(' ')[1]);
    this.upgraded = status === 101;
    this.deflates = /permessage-deflate/i.test(head);
    this.events.push({status});
  }

  readFrame() {
    if (this.received.length < 2) return false;
    let size = this.received[1] & 127;
    let begin = 2;
    if (size === 126) {
      begin = 4;
      if (this.received.length < begin) return false;
      size = this.received.readUInt16BE(2);
    } else if (size === 127) {
      begin = 10;
      if (this.received.length < begin) return false;
      size = Number(this.received.readBigUInt64BE(2));
    }
    if (this.received.length < begin + size) return false;
    const payload = this.received.subarray(begin, begin + size);
    const opcode = this.received[0] & 15;
    this.received = this.received.subarray(begin + size);
    this.events.push({opcode, payload});
    return true;
  }
}

// The request of a browser-less client, with further header lines.
export function handshake(headers = []) {
  return ['GET /connection/websocket HTTP/1.1', 'Host: localhost', 'Upgrade: websocket',
          'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, ...headers, '', '']
      .join('\r\n');
}

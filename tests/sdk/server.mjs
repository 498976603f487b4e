// SPDX-License-Identifier: Apache-2.0
// Starts a real server program and ends it. MADANG_BUILD_DIR says where it was built.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kStartMs = 20_000;
const kStopMs = 20_000;

export const kBenchServer = 'bench/server/server';
export const kReadyServer = 'examples/server/madang-server';
export const kChat = 'examples/chat/chat';

export function pathOf(program) {
  return path.resolve(root, process.env.MADANG_BUILD_DIR ?? 'build/dev', program);
}

// Runs `program` on a port that the system chooses and resolves when it is ready. `ports` is how
// many it tells, the clients' first.
export async function startServer(program, args = [], ports = 1) {
  const child = spawn(pathOf(program), ['--port', '0', ...args],
                      {cwd: root, stdio: ['ignore', 'pipe', 'inherit']});
  const exited = once(child, 'exit');
  const [port, apiPort] = await Promise.race([
    readPorts(child.stdout, ports),
    exited.then(([code, signal]) => { throw new Error(`${program} ended: ${code ?? signal}`); }),
    rejectAfter(kStartMs, `${program} says no port`),
  ]);
  return {
    port,
    apiPort,
    pid: child.pid,
    url: `ws://127.0.0.1:${port}/connection/websocket`,
    page: `http://localhost:${port}/`,
    running: () => child.exitCode === null && child.signalCode === null,
    // Asks it to end, and resolves with its exit code, or with the signal that it died of.
    async stop(how = 'SIGTERM') {
      child.kill(how);
      const [code, signal] =
          await Promise.race([exited, rejectAfter(kStopMs, `${program} does not end`)])
              .catch((error) => { child.kill('SIGKILL'); throw error; });
      return code ?? signal;
    },
  };
}

// The first lines that hold an address tell the ports. What comes later is read and dropped.
async function readPorts(stdout, count) {
  const lines = createInterface({input: stdout});
  const ports = [];
  for await (const line of lines) {
    const match = /http:\/\/[^\s/]+:(\d+)/.exec(line);
    if (match) ports.push(Number(match[1]));
    if (ports.length < count) continue;
    lines.close();
    stdout.resume();
    return ports;
  }
  return new Promise(() => {});  // The program has ended, which is told apart.
}

export function rejectAfter(ms, what) {
  return new Promise((_, reject) => setTimeout(reject, ms, new Error(what)).unref());
}

// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of a test's own: an ordinary user's, on the loopback, in a folder of its own.

import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chown, mkdtemp, rm} from 'node:fs/promises';
import {existsSync, readdirSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const kVersions = '/usr/lib/postgresql';
const kStartMs = 30_000;

// The folder of the newest server's programs, which Debian keeps out of the path; or undefined.
function programs() {
  if (!existsSync(kVersions)) return undefined;
  return readdirSync(kVersions).sort((a, b) => b - a)
      .map((version) => path.join(kVersions, version, 'bin'))
      .find((folder) => existsSync(path.join(folder, 'initdb')));
}

// It does not run as root, who becomes the user that Debian's package makes.
function someUser() {
  if (process.getuid() !== 0) return {uid: process.getuid(), gid: process.getgid()};
  const id = (what) => Number(execFileSync('id', [what, 'postgres'], {encoding: 'utf8'}));
  return {uid: id('-u'), gid: id('-g')};
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export class Postgres {
  static installed() { return programs() !== undefined; }

  static async make() {
    const server = new Postgres();
    server.folder = await mkdtemp(path.join(os.tmpdir(), 'madang-postgres-'));
    server.user = someUser();
    await chown(server.folder, server.user.uid, server.user.gid);
    server.port = await freePort();
    server.name = `postgres://app@127.0.0.1:${server.port}/postgres`;
    execFileSync(path.join(programs(), 'initdb'),
                 ['-D', path.join(server.folder, 'data'), '-U', 'app', '-A', 'trust', '-N'],
                 {cwd: server.folder, stdio: 'ignore', ...server.user});
    await server.start();
    return server;
  }

  async start() {
    this.child = spawn(path.join(programs(), 'postgres'), [
      '-D', path.join(this.folder, 'data'), '-p', String(this.port), '-k', this.folder,
      '-h', '127.0.0.1',
    ], {cwd: this.folder, stdio: 'ignore', ...this.user});
    const deadline = Date.now() + kStartMs;
    while (!this.answers()) {
      if (Date.now() > deadline) throw new Error('PostgreSQL does not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  answers() {
    try {
      execFileSync(path.join(programs(), 'pg_isready'),
                   ['-q', '-h', '127.0.0.1', '-p', String(this.port)]);
      return true;
    } catch {
      return false;
    }
  }

  // Ends at once, and has to recover when it is started again.
  async fall() {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGQUIT');
    await exited;
  }

  async stop() {
    if (this.child.exitCode === null) await this.fall();
    await rm(this.folder, {recursive: true, force: true});
  }
}

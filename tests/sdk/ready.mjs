// SPDX-License-Identifier: Apache-2.0
// The ready server under a configuration of a test's own, and its HTTP API.

import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import {kReadyServer, startServer} from './server.mjs';

export const kKey = 'the key of the backend';

// A server with `config`, and an API with kKey.
export async function startReady(config) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'madang-'));
  const file = path.join(folder, 'config.json');
  await writeFile(file, JSON.stringify({...config, api: {key: kKey, port: 0}}));
  const server = await startServer(kReadyServer, ['--config', file], 2);
  return {
    ...server,
    file,
    // What the API answers, or the status if that is not 200.
    async call(method, params, headers = {'X-API-Key': kKey}) {
      const response = await fetch(`http://127.0.0.1:${server.apiPort}/api/${method}`,
                                   {method: 'POST', headers, body: JSON.stringify(params)});
      return response.status === 200 ? response.json() : response.status;
    },
    async stop(how) {
      const code = await server.stop(how);
      await rm(folder, {recursive: true});
      return code;
    },
  };
}

// SPDX-License-Identifier: Apache-2.0
// The login of examples/chat.

// Logs in at the server of the page at `page`. Resolves with {user, token, pass}, or with the
// status if that is not 200.
export async function logIn(page, body, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(new URL('/login', page), {method: 'POST', headers, body: text});
  return response.status === 200 ? response.json() : response.status;
}

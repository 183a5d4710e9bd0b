// Auth0's official management client, and the steps that its tests take.

import { strict as assert } from 'node:assert';
import { ManagementClient, ManagementError } from 'auth0';
import { DOMAIN, toTheTwin } from './twin.mjs';

/** The client, which gets its token by itself. Its own retries would hide what we answer. */
export const management = new ManagementClient({
  domain: DOMAIN,
  clientId: 'demo-management',
  clientSecret: 'demo-management-secret',
  fetch: toTheTwin,
  maxRetries: 0,
});

/** Demands that the client throws its own error for a status, with our code and text. */
export function refused(attempt, status, code, text) {
  return assert.rejects(attempt, (error) => {
    assert.ok(error instanceof ManagementError, `${error.name}: ${error.message}`);
    const { errorCode, message } = error.body;
    assert.deepEqual([error.statusCode, errorCode, message], [status, code, text]);
    return true;
  });
}

/** All that a list gives, page after page. */
export async function all(page) {
  const items = [];
  for await (const item of await page) items.push(item);
  return items;
}

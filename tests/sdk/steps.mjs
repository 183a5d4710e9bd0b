// The steps that several tests take.

import { strict as assert } from 'node:assert';
import { isMfaRequiredError } from '@auth0/auth0-auth-js';
import { API, sdk } from './twin.mjs';

export const client = sdk();

/** Signs in with the password, which must ask for the second factor, and gives the mfa_token. */
export async function signIn(username, options = {}) {
  return mfaTokenOf(client.getTokenByPassword({
    username,
    password: 'pwd',
    audience: API,
    scope: 'openid profile email read:sample',
    ...options,
  }));
}

/** Demands that an attempt asks for the second factor, and gives the mfa_token. */
export async function mfaTokenOf(attempt) {
  const error = await attempt.then(() => assert.fail('no second factor was asked for'), (thrown) => thrown);
  assert.ok(isMfaRequiredError(error), String(error.cause?.error_description ?? error));
  assert.equal(error.statusCode, 403);
  assert.equal(error.cause.error_description, 'Multifactor authentication required');
  return error.cause.mfa_token;
}

/** Demands that the SDK throws its own error class with our status, code and text. */
export function refused(attempt, errorClass, status, code, text) {
  return assert.rejects(attempt, (error) => {
    assert.ok(error instanceof errorClass, `${error.name} instead of ${errorClass.name}`);
    assert.deepEqual(
      [error.statusCode, error.cause.error, error.message],
      [status, code, text],
    );
    return true;
  });
}

// The flows of every factor by the official SDK: phones by both providers, another factor added by the MFA API's
// audience, and refresh tokens.

import { before, test } from 'node:test';
import { strict as assert } from 'node:assert';
import { MfaEnrollmentError } from '@auth0/auth0-auth-js';
import { API, MFA_API, advance, mailedCode, manage, newestMessage, totp, verified } from './twin.mjs';
import { client, mfaTokenOf, refused, signIn } from './steps.mjs';

before(async () => {
  await manage('PUT', 'guardian/factors/sms', { enabled: true });
  await manage('PATCH', 'guardian/settings', { voice: true });
  await manage('PUT', 'guardian/factors/sms/providers/twilio', {
    sid: 'AC00112233445566778899aabbccddeeff',
    auth_token: '0123456789abcdef0123456789abcdef',
    from: '+12065550123',
  });
  await advance(60);
});

/** Proves an out-of-band factor by the code that was sent. */
async function proven(mfaToken, oobCode, to) {
  const bindingCode = await mailedCode(to);
  return client.mfa.verify({ factorType: 'oob', mfaToken, oobCode, bindingCode });
}

/** Enrols a phone by a channel in a login, and challenges it by the same channel in the next one. */
async function phone(username, channel, phoneNumber, from) {
  const first = await signIn(username);
  const enrolment = await client.mfa.enrollAuthenticator({
    authenticatorTypes: ['oob'],
    oobChannels: [channel],
    phoneNumber,
    mfaToken: first,
  });
  assert.equal(enrolment.authenticatorType, 'oob');
  assert.equal(enrolment.oobChannel, channel);
  assert.equal(enrolment.bindingMethod, 'prompt');
  assert.match(enrolment.recoveryCodes[0], /^[1-9A-HJ-NP-Z]{24}$/);
  const message = await newestMessage(phoneNumber);
  assert.deepEqual([message.channel, message.from], [channel, from]);
  const tokens = await proven(first, enrolment.oobCode, phoneNumber);
  assert.deepEqual((await verified(tokens.accessToken, API)).amr, ['mfa', channel]);

  const mfaToken = await signIn(username);
  const all = await client.mfa.listAuthenticators({ mfaToken });
  const { id, name, type } = all.find(({ oobChannels }) => oobChannels?.includes(channel));
  assert.deepEqual([name, type], [`XXXXXXXXX${phoneNumber.slice(-4)}`, 'phone']);
  const challenge = await client.mfa.challengeAuthenticator({
    challengeType: 'oob',
    authenticatorId: id,
    mfaToken,
  });
  const again = await proven(mfaToken, challenge.oobCode, phoneNumber);
  assert.deepEqual((await verified(again.accessToken, API)).amr, ['mfa', channel]);
}

test('a phone is enrolled and challenged by SMS', async () => {
  await phone('sms@example.com', 'sms', '+4915112345671', 'postern');
});

test('a phone is enrolled and challenged by a call', async () => {
  await phone('voice@example.com', 'voice', '+4915112345672', '+12065550100');
});

test('Twilio delivers as well, and nothing of it shows', async () => {
  const selected = 'guardian/factors/sms/selected-provider';
  assert.deepEqual(await manage('PUT', selected, { provider: 'twilio' }), { provider: 'twilio' });
  await advance(60);
  await phone('twilio@example.com', 'sms', '+4915112345673', '+12065550123');
  await manage('PUT', selected, { provider: 'auth0' });
  await advance(60);
});

test('another factor is added by the audience of the MFA API', async () => {
  const username = 'stepup@example.com';
  const first = await signIn(username);
  const app = await client.mfa.enrollAuthenticator({ authenticatorTypes: ['otp'], mfaToken: first });
  await client.mfa.verify({ factorType: 'otp', mfaToken: first, otp: await totp(app.secret) });
  const phoneFactor = {
    authenticatorTypes: ['oob'],
    oobChannels: ['sms'],
    phoneNumber: '+4915112345674',
  };
  await refused(
    client.mfa.enrollAuthenticator({ ...phoneFactor, mfaToken: await signIn(username) }),
    MfaEnrollmentError,
    403,
    'access_denied',
    'User is already enrolled.',
  );

  await advance(30);
  const login = await signIn(username, { audience: MFA_API, scope: 'enroll read:authenticators' });
  const stepped = await client.mfa.verify({
    factorType: 'otp',
    mfaToken: login,
    otp: await totp(app.secret),
  });
  const mfaToken = stepped.accessToken;
  const { oobCode } = await client.mfa.enrollAuthenticator({ ...phoneFactor, mfaToken });
  await proven(mfaToken, oobCode, phoneFactor.phoneNumber);
  const types = (await client.mfa.listAuthenticators({ mfaToken })).map(({ type }) => type);
  assert.deepEqual(types.sort(), ['otp', 'phone', 'phone', 'recovery-code']);
});

test('a refresh token brings new tokens, and MFA before factors are managed', async () => {
  const username = 'refresh@example.com';
  const login = await signIn(username, { scope: 'openid offline_access read:sample' });
  const email = await client.mfa.enrollAuthenticator({
    authenticatorTypes: ['oob'],
    oobChannels: ['email'],
    mfaToken: login,
  });
  const first = await proven(login, email.oobCode, username);
  const next = await client.getTokenByRefreshToken({ refreshToken: first.refreshToken });
  assert.notEqual(next.refreshToken, first.refreshToken);
  assert.equal((await verified(next.accessToken, API)).sub, (await verified(first.accessToken, API)).sub);

  // The SDK takes MFA on refresh as it takes it on sign-in.
  const { refreshToken } = next;
  const mfaToken = await mfaTokenOf(client.getTokenByRefreshToken({ refreshToken, audience: MFA_API }));
  const { oobCode } = await client.mfa.challengeAuthenticator({ challengeType: 'oob', mfaToken });
  const managing = await proven(mfaToken, oobCode, username);
  await verified(managing.accessToken, MFA_API);
  assert.ok((await client.getTokenByRefreshToken({ refreshToken })).accessToken);
});

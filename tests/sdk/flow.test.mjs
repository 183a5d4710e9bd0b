// The official SDK for JavaScript, unmodified, through every step of the MFA API. What it reads, compares and
// throws is the contract that Postern keeps: method names, shapes and texts below are the SDK's.

import { test } from 'node:test';
import { strict as assert } from 'node:assert';
import {
  MfaChallengeError,
  MfaDeleteAuthenticatorError,
  MfaEnrollmentError,
  MfaListAuthenticatorsError,
  MfaVerifyError,
} from '@auth0/auth0-auth-js';
import {
  API,
  ISSUER,
  MFA_API,
  advance,
  mailedCode,
  mailsTo,
  otherThan,
  sdk,
  totp,
  verified,
} from './twin.mjs';
import { client, refused, signIn } from './steps.mjs';

const emailFactor = { authenticatorTypes: ['oob'], oobChannels: ['email'] };

/** Enrols the account's address in a login, and gives what the SDK made of the two answers. */
async function enrolEmail(username, mfaToken) {
  const enrolment = await client.mfa.enrollAuthenticator({ ...emailFactor, mfaToken });
  const { oobCode } = enrolment;
  const bindingCode = await mailedCode(username);
  const tokens = await client.mfa.verify({ factorType: 'oob', mfaToken, oobCode, bindingCode });
  return { enrolment, tokens };
}

/** Enrols an authenticator app in a login. */
async function enrolApp(mfaToken) {
  const enrolment = await client.mfa.enrollAuthenticator({ authenticatorTypes: ['otp'], mfaToken });
  const otp = await totp(enrolment.secret);
  const tokens = await client.mfa.verify({ factorType: 'otp', mfaToken, otp });
  return { enrolment, tokens, otp };
}

test('a first sign-in enrols the email address and ends in tokens', async () => {
  const mfaToken = await signIn('user@example.com');
  assert.deepEqual(await client.mfa.listAuthenticators({ mfaToken }), []);

  const { enrolment, tokens } = await enrolEmail('user@example.com', mfaToken);
  assert.equal(enrolment.authenticatorType, 'oob');
  assert.equal(enrolment.oobChannel, 'email');
  assert.equal(enrolment.bindingMethod, 'prompt');
  assert.match(enrolment.recoveryCodes[0], /^[1-9A-HJ-NP-Z]{24}$/);

  // The SDK has checked the id token's claims; the signatures are checked here.
  const access = await verified(tokens.accessToken, API);
  assert.deepEqual(access.aud, [API, `${ISSUER}userinfo`]);
  assert.equal(access.azp, 'sdk-app');
  assert.equal(access.scope, 'openid profile email read:sample');
  assert.equal(access.gty, 'password');
  assert.deepEqual(access.amr, ['mfa', 'email']);
  const id = await verified(tokens.idToken, 'sdk-app');
  assert.equal(id.sub, access.sub);
  assert.equal(id.email, 'user@example.com');
  assert.equal(id.nickname, 'user');
  assert.equal(tokens.claims.sub, id.sub);
  assert.equal(tokens.scope, access.scope);

  await refused(
    client.mfa.listAuthenticators({ mfaToken }),
    MfaListAuthenticatorsError,
    401,
    'invalid_grant',
    'The mfa_token provided is invalid. Try getting a new token.',
  );
});

test('the next sign-in is challenged by email', async () => {
  const mfaToken = await signIn('user@example.com');
  const all = await client.mfa.listAuthenticators({ mfaToken });
  const email = all.find(({ type }) => type === 'email');
  assert.deepEqual(
    { ...email, id: undefined },
    {
      id: undefined,
      authenticatorType: 'oob',
      active: true,
      name: '****@exam*******',
      oobChannels: ['email'],
      type: 'email',
    },
  );
  assert.match(email.id, /^email\|dev_[A-Za-z0-9]{16}$/);
  assert.deepEqual(all.map(({ type }) => type).sort(), ['email', 'recovery-code']);

  const challenge = await client.mfa.challengeAuthenticator({
    challengeType: 'oob',
    authenticatorId: email.id,
    mfaToken,
  });
  assert.equal(challenge.challengeType, 'oob');
  assert.equal(challenge.bindingMethod, 'prompt');
  const tokens = await client.mfa.verify({
    factorType: 'oob',
    mfaToken,
    oobCode: challenge.oobCode,
    bindingCode: await mailedCode('user@example.com'),
    audience: API,
  });
  await verified(tokens.accessToken, API);

  const again = await signIn('user@example.com');
  await refused(
    client.mfa.enrollAuthenticator({ authenticatorTypes: ['otp'], mfaToken: again }),
    MfaEnrollmentError,
    403,
    'access_denied',
    'User is already enrolled.',
  );
  await refused(
    client.mfa.challengeAuthenticator({ challengeType: 'otp', mfaToken: again }),
    MfaChallengeError,
    401,
    'unsupported_challenge_type',
    'User does not have any enrolled authenticator with the supported challenge type (otp)',
  );
});

test('a verified address is challenged without enrolment', async () => {
  const mfaToken = await signIn('verified@example.com');
  const [email, ...rest] = await client.mfa.listAuthenticators({ mfaToken });
  assert.deepEqual(rest, []);
  assert.equal(email.name, 'veri****@exam*******');
  const { oobCode } = await client.mfa.challengeAuthenticator({ challengeType: 'oob', mfaToken });
  const bindingCode = await mailedCode('verified@example.com');
  const tokens = await client.mfa.verify({ factorType: 'oob', mfaToken, oobCode, bindingCode });
  const id = await verified(tokens.idToken, 'sdk-app');
  assert.equal(id.email_verified, true);
});

test('an authenticator app is enrolled, and each of its codes works once', async () => {
  const { enrolment, tokens, otp } = await enrolApp(await signIn('otp@example.com'));
  assert.equal(enrolment.authenticatorType, 'otp');
  assert.match(enrolment.secret, /^[A-Z2-7]{32}$/);
  assert.equal(
    enrolment.barcodeUri,
    `otpauth://totp/Postern%20Demo:otp%40example.com?secret=${enrolment.secret}` +
      '&issuer=Postern%20Demo&algorithm=SHA1&digits=6&period=30',
  );
  assert.deepEqual((await verified(tokens.accessToken, API)).amr, ['mfa', 'otp']);

  const mfaToken = await signIn('otp@example.com');
  assert.deepEqual(
    await client.mfa.challengeAuthenticator({ challengeType: 'otp', mfaToken }),
    { challengeType: 'otp' },
  );
  const replay = client.mfa.verify({ factorType: 'otp', mfaToken, otp });
  await refused(replay, MfaVerifyError, 403, 'invalid_grant', 'Invalid otp_code.');
  await advance(30);
  const next = await totp(enrolment.secret);
  const again = await client.mfa.verify({ factorType: 'otp', mfaToken, otp: next });
  await verified(again.accessToken, API);
});

test('a recovery code works once and is answered by its successor', async () => {
  const { enrolment } = await enrolEmail('recovery@example.com', await signIn('recovery@example.com'));
  const [recoveryCode] = enrolment.recoveryCodes;

  const tokens = await client.mfa.verify({
    factorType: 'recovery-code',
    mfaToken: await signIn('recovery@example.com'),
    recoveryCode,
  });
  assert.match(tokens.recoveryCode, /^[1-9A-HJ-NP-Z]{24}$/);
  assert.notEqual(tokens.recoveryCode, recoveryCode);
  assert.deepEqual((await verified(tokens.accessToken, API)).amr, ['mfa', 'recovery-code']);

  const mfaToken = await signIn('recovery@example.com');
  const replay = client.mfa.verify({ factorType: 'recovery-code', mfaToken, recoveryCode });
  await refused(replay, MfaVerifyError, 403, 'invalid_grant', 'MFA Authorization rejected.');
  const successor = { factorType: 'recovery-code', mfaToken, recoveryCode: tokens.recoveryCode };
  assert.ok((await client.mfa.verify(successor)).recoveryCode);
});

test('a sign-in for the MFA API adds and removes factors', async () => {
  const username = 'factors@example.com';
  await enrolEmail(username, await signIn(username));

  const login = await signIn(username, { audience: MFA_API, scope: undefined });
  await refused(
    client.mfa.deleteAuthenticator({ authenticatorId: 'email|dev_0000000000000000', mfaToken: login }),
    MfaDeleteAuthenticatorError,
    401,
    'invalid_grant',
    'The mfa_token provided is invalid. Try getting a new token.',
  );
  const { oobCode } = await client.mfa.challengeAuthenticator({ challengeType: 'oob', mfaToken: login });
  const bindingCode = await mailedCode(username);
  const tokens = await client.mfa.verify({ factorType: 'oob', mfaToken: login, oobCode, bindingCode });
  const claims = await verified(tokens.accessToken, MFA_API);
  assert.equal(claims.scope, 'enroll read:authenticators remove:authenticators');
  assert.equal(claims.exp - claims.iat, 600);

  // The SDK's methods take this access token in the place of the mfa_token.
  const mfaToken = tokens.accessToken;
  const app = await enrolApp(mfaToken);
  await verified(app.tokens.accessToken, MFA_API);
  const types = async () => (await client.mfa.listAuthenticators({ mfaToken })).map(({ type }) => type).sort();
  assert.deepEqual(await types(), ['email', 'otp', 'recovery-code']);

  const all = await client.mfa.listAuthenticators({ mfaToken });
  const authenticatorId = all.find(({ type }) => type === 'otp').id;
  await client.mfa.deleteAuthenticator({ authenticatorId, mfaToken });
  assert.deepEqual(await types(), ['email', 'recovery-code']);
  await refused(
    client.mfa.deleteAuthenticator({ authenticatorId, mfaToken }),
    MfaDeleteAuthenticatorError,
    404,
    'invalid_authenticator',
    'Authenticator not found',
  );
});

test('errors carry the texts that applications show', async () => {
  const username = 'errors@example.com';
  const wrong = client.getTokenByPassword({ username, password: 'wrong', audience: API });
  await assert.rejects(wrong, (error) => {
    assert.equal(error.name, 'TokenByPasswordError');
    assert.equal(error.statusCode, 403);
    assert.equal(error.cause.error, 'invalid_grant');
    assert.equal(error.cause.error_description, 'Wrong email or password.');
    return true;
  });

  const mfaToken = await signIn(username);
  await refused(
    client.mfa.challengeAuthenticator({ challengeType: 'oob', mfaToken }),
    MfaChallengeError,
    401,
    'unsupported_challenge_type',
    'User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.',
  );
  await refused(
    sdk({ clientSecret: 'wrong' }).mfa.challengeAuthenticator({ challengeType: 'oob', mfaToken }),
    MfaChallengeError,
    401,
    'access_denied',
    'Unauthorized',
  );
  const { oobCode } = await client.mfa.enrollAuthenticator({ ...emailFactor, mfaToken });
  const bindingCode = await mailedCode(username);
  const verify = (changes) => client.mfa.verify({ factorType: 'oob', mfaToken, oobCode, bindingCode, ...changes });

  await refused(
    verify({ bindingCode: otherThan(bindingCode) }),
    MfaVerifyError,
    403,
    'invalid_grant',
    'Invalid binding_code.',
  );
  await refused(verify({ oobCode: 'nonsense' }), MfaVerifyError, 403, 'invalid_grant', 'Malformed oob_code');
  await refused(verify({ mfaToken: 'nonsense' }), MfaVerifyError, 403, 'invalid_grant', 'Malformed mfa_token');

  await advance(301);
  await refused(verify(), MfaVerifyError, 403, 'expired_token', 'oob_code is expired');
  await advance(300);
  await refused(verify(), MfaVerifyError, 403, 'expired_token', 'mfa_token is expired');
  await refused(
    client.mfa.listAuthenticators({ mfaToken }),
    MfaListAuthenticatorsError,
    401,
    'expired_token',
    'mfa_token is expired',
  );
});

test('too many wrong codes are refused with the time to wait, the right one among them', async () => {
  const username = 'errors@example.com';
  const mfaToken = await signIn(username);
  const { oobCode } = await client.mfa.enrollAuthenticator({ ...emailFactor, mfaToken });
  const bindingCode = await mailedCode(username);
  const verify = (code) => client.mfa.verify({ factorType: 'oob', mfaToken, oobCode, bindingCode: code });
  const wrong = async () => {
    const attempt = verify(otherThan(bindingCode));
    return (await attempt.then(() => assert.fail('a wrong code passed'), (thrown) => thrown)).statusCode;
  };
  for (let tries = 0; tries < 10; tries += 1) assert.equal(await wrong(), 403);
  assert.equal(await wrong(), 429);
  const mails = await mailsTo(username);
  await assert.rejects(verify(bindingCode), (error) => {
    assert.ok(error instanceof MfaVerifyError);
    assert.equal(error.cause.error, 'too_many_attempts');
    assert.equal(error.message, 'Too many failed codes. Wait for some minutes before retrying.');
    assert.ok(Number(error.headers.get('retry-after')) > 0);
    return true;
  });
  assert.equal(await mailsTo(username), mails);
});

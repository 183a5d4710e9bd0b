// The Management API by Auth0's official management client: factors, policies, users, what they enrolled, and email
// templates.

import { test } from 'node:test';
import { strict as assert } from 'node:assert';
import { all, management, refused } from './management.mjs';
import { API, ISSUER, advance, newestMessage, postPage, sdk, totp, verified } from './twin.mjs';
import { mfaTokenOf, signIn } from './steps.mjs';

const CONNECTION = 'Username-Password-Authentication';
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/** A new user of an address. */
function make(email, more = {}) {
  return management.users.create({ connection: CONNECTION, email, password: 'correct horse battery', ...more });
}

test('factors are listed and switched', async () => {
  const factors = await management.guardian.factors.list();
  assert.deepEqual(
    factors.map(({ name }) => name),
    ['sms', 'push-notification', 'otp', 'email', 'duo', 'webauthn-roaming', 'webauthn-platform', 'recovery-code'],
  );
  assert.deepEqual(await management.guardian.factors.set('sms', { enabled: true }), { enabled: true });
  const sms = (await management.guardian.factors.list()).find(({ name }) => name === 'sms');
  assert.deepEqual(sms, { name: 'sms', enabled: true, trial_expired: false });
});

test('the policy is read and set', async () => {
  assert.deepEqual(await management.guardian.policies.set([]), []);
  assert.deepEqual(await management.guardian.policies.list(), []);
  assert.deepEqual(await management.guardian.policies.set(['all-applications']), ['all-applications']);
});

test('a user is created, found, changed and deleted', async () => {
  const email = 'ada@example.com';
  const created = await make(email, { user_metadata: { lang: 'de' } });
  assert.match(created.user_id, /^auth0\|[0-9a-f]{24}$/);
  assert.deepEqual([created.email, created.email_verified, created.nickname], [email, false, 'ada']);
  assert.deepEqual(created.identities, [
    { connection: CONNECTION, isSocial: false, provider: 'auth0', user_id: created.user_id.slice('auth0|'.length) },
  ]);
  assert.deepEqual(await management.users.get(created.user_id), created);
  assert.deepEqual(await management.users.listUsersByEmail({ email }), [created]);
  await refused(make(email), 409, 'auth0_idp_error', 'The user already exists.');

  const changed = await management.users.update(created.user_id, { name: 'Ada', email_verified: true });
  assert.deepEqual([changed.name, changed.email_verified, changed.user_metadata], ['Ada', true, { lang: 'de' }]);
  const { name, ...others } = await management.users.get(created.user_id, { fields: 'name', include_fields: true });
  assert.deepEqual([name, others], ['Ada', {}]);

  await management.users.delete(created.user_id);
  await refused(management.users.get(created.user_id), 404, 'inexistent_user', 'The user does not exist.');
});

test('users are listed in pages and searched for', async () => {
  const made = [];
  for (const number of [1, 2, 3]) {
    await advance(1);
    made.push((await make(`page${number}@example.com`)).user_id);
  }
  const newest = await management.users.list({ per_page: 2, sort: 'created_at:-1' });
  assert.deepEqual(newest.data.map(({ user_id }) => user_id), [made[2], made[1]]);
  assert.equal(newest.hasNextPage(), true);
  const listed = (await all(management.users.list({ per_page: 2 }))).map(({ user_id }) => user_id);
  assert.equal(new Set(listed).size, listed.length);
  assert.deepEqual(listed.slice(-3), made);
  const found = await management.users.list({ q: 'email:"page2@example.com"', search_engine: 'v3' });
  assert.deepEqual(found.data.map(({ user_id }) => user_id), [made[1]]);
});

test('authentication methods are given, named, used and taken away', async () => {
  const { user_id: id } = await make('methods@example.com');
  const methods = management.users.authenticationMethods;
  const app = await methods.create(id, { type: 'totp', totp_secret: SECRET, name: 'App' });
  await advance(1);
  const phone = await methods.create(id, { type: 'phone', phone_number: '+4915112345678', name: 'Phone' });
  const named = await methods.update(id, app.id, { name: 'My app' });
  assert.equal(named.name, 'My app');
  assert.deepEqual((await all(methods.list(id))).map(({ type, name }) => [type, name]), [
    ['totp', 'My app'],
    ['phone', 'Phone'],
  ]);
  assert.equal((await methods.get(id, phone.id)).phone_number, 'XXXXXXXXX5678');

  const client = sdk();
  const mfaToken = await signIn('methods@example.com', { password: 'correct horse battery' });
  const tokens = await client.mfa.verify({ factorType: 'otp', mfaToken, otp: await totp(SECRET) });
  assert.deepEqual((await verified(tokens.accessToken, API)).amr, ['mfa', 'otp']);

  const enrollments = await management.users.enrollments.get(id);
  assert.deepEqual(enrollments.map(({ auth_method }) => auth_method), ['authenticator', 'sms']);
  const [{ id: device }] = enrollments;
  assert.equal((await management.guardian.enrollments.get(device)).status, 'confirmed');
  await management.guardian.enrollments.delete(device);
  await refused(
    management.guardian.enrollments.get(device),
    404,
    'enrollment_not_found',
    'Enrollment not found',
  );
  const { recovery_code: code } = await management.users.regenerateRecoveryCode(id);
  assert.match(code, /^[1-9A-HJ-NP-Z]{24}$/);
  const set = await methods.set(id, [{ type: 'email', email: 'methods@example.com' }]);
  assert.deepEqual(set.map(({ type, email }) => [type, email]), [['email', 'methods@example.com']]);
  await management.users.multifactor.deleteProvider(id, 'google-authenticator');
  await management.users.multifactor.invalidateRememberBrowser(id);
  await methods.deleteAll(id);
  assert.deepEqual(await all(methods.list(id)), []);
  await management.users.authenticators.deleteAll(id);
});

test('a factor is enrolled on the page behind a ticket', async () => {
  const { user_id: id } = await make('invited@example.com');
  const create = (more) => management.guardian.enrollments.createTicket({ user_id: id, ...more });
  const { ticket_id: ticketId, ticket_url: url } = await create({ factor: 'otp', send_mail: true, email_locale: 'de' });
  assert.match(ticketId, /^[0-9A-Za-z]{22}$/);
  assert.ok(url.startsWith(`${ISSUER}mfa/enrollment?ticket=`), url);
  const ticket = new URL(url).searchParams.get('ticket');
  const mail = await newestMessage('invited@example.com');
  assert.ok(mail.text.includes(`${ISSUER}mfa/enrollment?ticket=`), mail.text);

  const begun = await postPage('mfa/enrollment', { ticket, factor: 'otp' });
  const [, secret] = begun.match(/<code>([A-Z2-7 ]+)<\/code>/);
  const [, enrolment] = begun.match(/name="enrolment" value="([^"]+)"/);
  const code = await totp(secret.replaceAll(' ', ''));
  const done = await postPage('mfa/enrollment', { ticket, enrolment, code });
  assert.match(done, /<code>[1-9A-HJ-NP-Z]{24}<\/code>/);
  const enrollments = await management.users.enrollments.get(id);
  assert.deepEqual(enrollments.map(({ auth_method }) => auth_method), ['authenticator']);
  const [error] = await Promise.allSettled([create({ factor: 'push-notification' })]);
  assert.match(error.reason.message, /on property factor\./);
  await management.users.delete(id);
});

test('blocks are shown and ended', async () => {
  const { user_id: id } = await make('blocked@example.com');
  const wrong = { username: 'blocked@example.com', password: 'wrong', audience: API };
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await assert.rejects(sdk().getTokenByPassword(wrong));
  }
  const { blocked_for: blocks } = await management.userBlocks.list(id);
  assert.deepEqual(blocks.map(({ identifier }) => identifier), ['blocked@example.com']);
  await management.userBlocks.delete(id);
  assert.deepEqual((await management.userBlocks.list(id)).blocked_for, []);
  await mfaTokenOf(sdk().getTokenByPassword({ ...wrong, password: 'correct horse battery' }));
});

test('an email template is created, changed, used and switched off', async () => {
  const template = {
    template: 'mfa_oob_code',
    body: '<p>Your number: {{ code }}</p>',
    from: 'Ada <ada@example.com>',
    subject: 'Number for {{ application.name }}',
    syntax: 'liquid',
    enabled: true,
  };
  const created = await management.emailTemplates.create(template);
  assert.equal(created.subject, template.subject);
  await refused(management.emailTemplates.create(template), 409, undefined, 'Template mfa_oob_code already exists.');
  const changed = await management.emailTemplates.update('mfa_oob_code', { subject: 'Your number' });
  assert.deepEqual([changed.subject, changed.body], ['Your number', template.body]);
  await advance(61);
  await make('template@example.com', { email_verified: true });
  const mfaToken = await signIn('template@example.com', { password: 'correct horse battery' });
  const [{ id }] = await sdk().mfa.listAuthenticators({ mfaToken });
  await sdk().mfa.challengeAuthenticator({ challengeType: 'oob', authenticatorId: id, mfaToken });
  assert.equal((await newestMessage('template@example.com')).subject, 'Your number');
  const off = await management.emailTemplates.set('mfa_oob_code', { ...template, enabled: false });
  assert.equal(off.enabled, false);
  assert.equal((await management.emailTemplates.get('mfa_oob_code')).enabled, false);
  await advance(61);
});

test('what is wrong with a body is said of its property', async () => {
  await refused(
    make('not an address'),
    400,
    'invalid_body',
    "Payload validation error: 'Object didn't pass validation for format email' on property email.",
  );
  await refused(
    management.users.list({ q: 'name:ada' }),
    400,
    'invalid_query_string',
    'Query validation error: \'Only email:"the whole address" and user_id:"the whole id" are searched for\' on property q.',
  );
});

test('the audit log is listed, searched, and read on from a record', async () => {
  const { user_id: id } = await make('logs@example.com');
  await management.users.update(id, { name: 'Ada' });
  await management.users.delete(id);
  const own = await management.users.logs.list(id, { sort: 'date:-1' });
  const done = own.data.filter(({ type }) => type === 'sapi').map(({ details }) => details.request.method);
  assert.deepEqual(done.slice(0, 2), ['DELETE', 'PATCH'], 'of a user who is no more');
  const [newest] = own.data;
  assert.deepEqual([newest.user_id, newest.client_id, newest.log_id], [id, 'demo-management', newest._id]);
  assert.deepEqual(await management.logs.get(newest.log_id), newest);
  const unknown = '0'.repeat(40);
  await refused(management.logs.get(unknown), 404, 'inexistent_log', 'The log event does not exist.');

  const page = await management.logs.list({ per_page: 2, sort: 'date:-1', fields: 'log_id' });
  assert.deepEqual(page.data.map((entry) => Object.keys(entry)), [['log_id'], ['log_id']]);
  assert.equal(page.hasNextPage(), true);
  const found = await management.logs.list({ search: 'type:sapi', per_page: 100 });
  assert.deepEqual(new Set(found.data.map(({ type }) => type)), new Set(['sapi']));
  // What is younger than a minute is not read on, and the clock goes on by itself.
  await advance(61);
  const from = own.data.find(({ details }) => details.request.method === 'PATCH').log_id;
  const { response } = await management.logs.list({}, { queryParams: { from, take: 2 } });
  assert.deepEqual([response.length, response[0].log_id > from], [2, true], 'bare, as the checkpoint is answered');
  const wrong = 'Query validation error: \'Expected date:1 or date:-1\' on property sort.';
  await refused(management.logs.list({ sort: 'type:1' }), 400, 'invalid_query_string', wrong);
});

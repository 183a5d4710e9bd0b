// Applications, what they are granted, APIs and signing keys by Auth0's official management client.

import { test } from 'node:test';
import { strict as assert } from 'node:assert';
import { all, management, refused } from './management.mjs';
import { API, advance, postForm, sdk, verified } from './twin.mjs';
import { mfaTokenOf } from './steps.mjs';

const USER = { username: 'user@example.com', password: 'pwd', audience: API };

/** The client's own token for an API. */
function ownToken({ client_id, client_secret }, audience) {
  return postForm('oauth/token', { grant_type: 'client_credentials', client_id, client_secret, audience });
}

test('an application is created, lets users in, gets another secret and is deleted', async () => {
  const created = await management.clients.create({
    name: 'Shop',
    app_type: 'regular_web',
    grant_types: ['password', 'refresh_token', 'http://auth0.com/oauth/grant-type/mfa-oob'],
    client_metadata: { team: 'a' },
  });
  const { client_id: id, client_secret: secret } = created;
  assert.equal(created.token_endpoint_auth_method, 'client_secret_post');
  await mfaTokenOf(sdk({ clientId: id, clientSecret: secret }).getTokenByPassword(USER));

  const { client_secret: hidden, ...shown } = await management.clients.get(id);
  assert.deepEqual({ ...shown, client_secret: secret }, created);
  assert.equal(hidden, undefined, 'only its hash is stored');
  assert.ok((await all(management.clients.list())).some(({ client_id: listed }) => listed === id));

  const { client_secret: another } = await management.clients.rotateSecret(id);
  assert.notEqual(another, secret);
  const old = await postForm('oauth/token', { grant_type: 'password', client_id: id, client_secret: secret, ...USER });
  assert.deepEqual([old.status, old.body.error], [401, 'access_denied']);
  await mfaTokenOf(sdk({ clientId: id, clientSecret: another }).getTokenByPassword(USER));

  const changed = await management.clients.update(id, { grant_types: [], client_metadata: { team: null, plan: 'b' } });
  assert.deepEqual([changed.grant_types, changed.client_metadata], [[], { plan: 'b' }]);
  const refusal = await postForm('oauth/token', { grant_type: 'password', client_id: id, client_secret: another, ...USER });
  assert.deepEqual([refusal.status, refusal.body.error], [403, 'unauthorized_client']);

  await management.clients.delete(id);
  await refused(management.clients.get(id), 404, 'inexistent_client', 'The client does not exist');
});

test('an API is made, granted and taken away', async () => {
  const audience = 'https://shop.example.com/api';
  const api = await management.resourceServers.create({
    identifier: audience,
    name: 'Shop',
    scopes: [{ value: 'read:orders', description: 'Read orders' }, { value: 'write:orders' }],
    token_lifetime: 600,
  });
  assert.deepEqual(await management.resourceServers.get(api.id), api);
  const client = await management.clients.create({ name: 'Worker', app_type: 'non_interactive' });
  const grant = await management.clientGrants.create({
    client_id: client.client_id,
    audience,
    scope: ['read:orders'],
  });
  const listed = await all(management.clientGrants.list({ client_id: client.client_id }));
  assert.deepEqual(listed.map(({ id }) => id), [grant.id]);

  const first = await ownToken(client, audience);
  assert.deepEqual([first.status, first.body.scope, first.body.expires_in], [200, 'read:orders', 600]);
  assert.equal((await verified(first.body.access_token, audience)).azp, client.client_id);
  await management.clientGrants.update(grant.id, { scope: ['read:orders', 'write:orders'] });
  assert.equal((await ownToken(client, audience)).body.scope, 'read:orders write:orders');
  await management.resourceServers.update(api.id, { token_lifetime: 60 });
  assert.equal((await ownToken(client, audience)).body.expires_in, 60);

  await management.clientGrants.delete(grant.id);
  assert.equal((await ownToken(client, audience)).status, 403);
  await management.resourceServers.delete(api.id);
  assert.equal((await ownToken(client, audience)).status, 403);
  await management.clients.delete(client.client_id);
});

test('signing keys are rotated and revoked', async () => {
  const [before] = await management.keys.signing.list();
  assert.deepEqual([before.current, before.revoked], [true, false]);
  const { kid: next } = await management.keys.signing.rotate();
  assert.equal((await management.keys.signing.get(next)).next, true);
  assert.equal((await management.keys.signing.revoke(before.kid)).kid, before.kid);
  assert.equal((await management.keys.signing.get(next)).current, true);
  // By then everything has looked again; and the client its token, which the revoked key had signed.
  await advance(301);
});

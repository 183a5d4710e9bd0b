// The twin as the tests see it: Auth0's SDK at its front door, and the handles under /_local behind it.

import { createHmac } from 'node:crypto';
import { strict as assert } from 'node:assert';
import { AuthClient } from '@auth0/auth0-auth-js';
import * as jose from 'jose';

/** Where the twin listens, http://127.0.0.1:PORT; `run` sets it. */
const BASE = process.env.POSTERN_BASE_URL;
if (!BASE) throw new Error('POSTERN_BASE_URL is not set: start these tests with ./run');

/** The host of the issuer that `run` gives the twin: the SDK speaks https to a domain and nothing else. */
export const DOMAIN = 'postern.test';
export const ISSUER = `https://${DOMAIN}/`;
export const API = 'https://someapi.com/api';
export const MFA_API = `${ISSUER}mfa/`;

/** Carries what the SDK sends to its domain over to the twin, unchanged but for the origin. */
export function toTheTwin(input, init) {
  const url = new URL(input instanceof Request ? input.url : input);
  assert.equal(url.origin, `https://${DOMAIN}`, 'the SDK called somebody else');
  const target = BASE + url.pathname + url.search;
  return fetch(input instanceof Request ? new Request(target, input) : target, init);
}

/** The SDK, as an application has it. */
export function sdk(options = {}) {
  return new AuthClient({
    domain: DOMAIN,
    clientId: 'sdk-app',
    clientSecret: 'sdk-secret',
    customFetch: toTheTwin,
    ...options,
  });
}

/** Calls a handle of the twin. */
async function local(method, path, body) {
  const response = await fetch(`${BASE}/_local/${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method} /_local/${path}: ${response.status}`);
  return response.status === 204 ? undefined : response.json();
}

/** Posts a form, as a program without an SDK does. */
export async function postForm(path, fields) {
  const response = await fetch(`${BASE}/${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: response.status, body: await response.json() };
}

/** Posts a form of a page, as a browser does, and gives the page that comes of it. */
export async function postPage(path, fields) {
  const response = await fetch(`${BASE}/${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  assert.equal(response.status, 200, `${path}: ${response.status}`);
  return response.text();
}

/** Calls the Management API, as an operator's tool does. */
export async function manage(method, path, body) {
  const fields = {
    grant_type: 'client_credentials',
    client_id: 'demo-management',
    client_secret: 'demo-management-secret',
    audience: `${ISSUER}api/v2/`,
  };
  const granted = await fetch(`${BASE}/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) });
  const { access_token: token } = await granted.json();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${BASE}/api/v2/${path}`, { method, headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, `${method} ${path}: ${await response.clone().text()}`);
  return response.json();
}

/** The newest message to an address or a number. */
export async function newestMessage(to) {
  const [newest] = await local('GET', `inbox?to=${encodeURIComponent(to)}`);
  return newest;
}

/** The code in the newest message to an address or a number: the only group of exactly six digits in its text. */
export async function mailedCode(to) {
  const [newest] = await codesTo(to);
  assert.ok(newest, `no message to ${to}`);
  const codes = newest.text.match(CODE);
  assert.equal(codes?.length, 1, 'exactly one code in a message');
  return codes[0];
}

/** How many codes an address has got. */
export async function mailsTo(to) {
  return (await codesTo(to)).length;
}

const CODE = /(?<!\d)\d{6}(?!\d)/g;

/** The messages with a code to an address or a number, newest first: security notices have no group of six digits. */
async function codesTo(to) {
  const mails = await local('GET', `inbox?to=${encodeURIComponent(to)}`);
  return mails.filter(({ text }) => text.match(CODE));
}

/** Moves the twin's time on. */
export function advance(seconds) {
  return local('POST', 'clock', { advance_seconds: seconds });
}

/** A code that is not this one. */
export function otherThan(code) {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}

/** The code an authenticator app shows at the twin's time (RFC 6238), independent of Postern's own code. */
export async function totp(base32) {
  const { now } = await local('GET', 'clock');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30)));
  const mac = createHmac('sha1', base32Decode(base32)).update(counter).digest();
  const truncated = mac.readUInt32BE(mac[mac.length - 1] & 0x0f) & 0x7fffffff;
  return String(truncated % 1_000_000).padStart(6, '0');
}

function base32Decode(text) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** Checks a token as an API would, by the published keys and with a library of its own, and gives its claims. */
export async function verified(token, audience) {
  const keys = jose.createLocalJWKSet(await (await fetch(`${BASE}/.well-known/jwks.json`)).json());
  const { now } = await local('GET', 'clock');
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
    issuer: ISSUER,
    audience,
    algorithms: ['RS256'],
    currentDate: new Date(now * 1000),
  });
  assert.equal(protectedHeader.typ, 'JWT');
  return payload;
}

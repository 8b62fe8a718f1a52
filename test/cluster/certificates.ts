/** Certificates in a folder: one of an authority, and what it vouches for. */

import { equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args);
  equal(status, 0, String(stderr));
}

const key = ['-newkey', 'ed25519', '-nodes'];
const address = ['-addext', 'subjectAltName=IP:127.0.0.1'];

/** `<name>.pem` and `<name>-key.pem`: a certificate for this machine, which is its own authority. */
export function makeAuthority(folder: string, name: string): void {
  const files = ['-keyout', join(folder, `${name}-key.pem`), '-out', join(folder, `${name}.pem`)];
  openssl('req', '-x509', ...key, '-days', '1', '-subj', '/CN=localhost', ...address, ...files);
}

/** The same, of somebody for whom the authority vouches for so many days, from now on. */
export function makeCertificate(folder: string, name: string, authority: string, days = 1): void {
  const path = (file: string): string => join(folder, file);
  openssl(
    'req',
    ...key,
    '-subj',
    `/O=${name}/CN=localhost`,
    '-keyout',
    path(`${name}-key.pem`),
    '-out',
    path(`${name}.csr`),
  );
  const by = ['-CA', path(`${authority}.pem`), '-CAkey', path(`${authority}-key.pem`), '-CAcreateserial'];
  openssl('x509', '-req', '-in', path(`${name}.csr`), ...by, '-days', `${days}`, '-out', path(`${name}.pem`));
}

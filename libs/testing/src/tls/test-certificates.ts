import { generateKeyPair } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A private CA and a server certificate that it signed, as files that redis-server reads. */
export interface TestCertificates {
  /** The certificate of the CA (PEM): what a client gives as `tls: { ca }`. */
  readonly ca: string;
  readonly caFile: string;
  /** The server's certificate, for `127.0.0.1` and `localhost`. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Removes the files. Safe to call twice. */
  remove(): Promise<void>;
}

/** How {@link createTestCertificates} makes them. */
export interface TestCertificatesOptions {
  /** True for a server certificate whose time is over; its CA is still good. @default false */
  readonly expired?: boolean | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const KEY_BITS = 2_048;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** Makes a new CA and a server certificate in a fresh folder. Two calls give two CAs that do not know each other. */
export async function createTestCertificates(
  options: TestCertificatesOptions = {},
): Promise<TestCertificates> {
  const ends = new Date(Date.now() + (options.expired ? -DAY_MS : DAY_MS));
  const [caKeys, serverKeys] = await Promise.all([newKeys(), newKeys()]);
  const caName = [{ name: 'commonName', value: 'goflow test CA' }];
  const authority = newCertificate(caKeys, caName, new Date(Date.now() + DAY_MS));
  authority.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
  const server = newCertificate(serverKeys, [{ name: 'commonName', value: 'localhost' }], ends);
  server.setExtensions([
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: DNS_NAME, value: 'localhost' },
        { type: IP_ADDRESS, ip: '127.0.0.1' },
      ],
    },
  ]);
  const signed = [authority, server].map((certificate) => {
    certificate.setIssuer(caName);
    certificate.sign(forge.pki.privateKeyFromPem(caKeys.privateKey), forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  });
  return writeFiles({ ca: signed[0] ?? '', cert: signed[1] ?? '', key: serverKeys.privateKey });
}

interface KeyPems {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Node makes RSA keys much faster than node-forge, which knows no other kind. */
function newKeys(): Promise<KeyPems> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function newCertificate(
  { publicKey }: KeyPems,
  subject: forge.pki.CertificateField[],
  ends: Date,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // Positive, as the standard wants it: the first hex digit is below 8.
  certificate.serialNumber = `1${forge.util.bytesToHex(forge.random.getBytesSync(15))}0`;
  certificate.validity.notBefore = new Date(ends.getTime() - 2 * DAY_MS);
  certificate.validity.notAfter = ends;
  certificate.setSubject(subject);
  return certificate;
}

async function writeFiles(pems: {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}): Promise<TestCertificates> {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-tls-'));
  const file = (name: string): string => join(dir, name);
  await writeFile(file('ca.pem'), pems.ca);
  await writeFile(file('server.pem'), pems.cert);
  await writeFile(file('server.key'), pems.key, { mode: 0o600 });
  return {
    ca: pems.ca,
    caFile: file('ca.pem'),
    certFile: file('server.pem'),
    keyFile: file('server.key'),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

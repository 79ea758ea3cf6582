import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  cryptoProvider,
  type JsonGeneralName,
} from '@peculiar/x509';

cryptoProvider.set(globalThis.crypto);

const HOUR_MS = 3_600_000;

const KEY_ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const;

/** What a leaf certificate says. */
export interface LeafOptions {
  /** URI SANs, e.g. one SPIFFE id; none and several are possible, for the tests that must see them refused. */
  readonly uriSans?: readonly string[];
  readonly dnsSans?: readonly string[];
  readonly ipSans?: readonly string[];
  readonly commonName?: string;
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in 24 hours. In the past: an expired certificate. */
  readonly notAfter?: Date;
  /** Default: P-256. */
  readonly keyAlg?: keyof typeof KEY_ALGORITHMS;
}

export interface Leaf {
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** Where {@link TestCa.writeIdentity} put the three PEM files. */
export interface IdentityFiles {
  readonly certPath: string;
  readonly keyPath: string;
  readonly caPath: string;
}

/** A throw-away certificate authority: its key lives and dies in this process. */
export interface TestCa {
  readonly caPem: string;
  issue(options: LeafOptions): Promise<Leaf>;
  /**
   * Issues and writes `cert.pem`, `key.pem` (0600) and `ca.pem`. Each file appears whole, by a rename; the
   * certificate comes last, as in a rotation that is not torn for longer than it must be.
   */
  writeIdentity(dir: string, options: LeafOptions): Promise<IdentityFiles>;
}

/** @param name distinguishes the authorities of a test from one another */
export async function createTestCa(name = 'CMK sandbox CA'): Promise<TestCa> {
  const algorithm = KEY_ALGORITHMS['P-256'];
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    // A day in the past, so that leaves that are already expired were issued by a valid authority.
    notBefore: new Date(now - 24 * HOUR_MS),
    notAfter: new Date(now + 30 * 24 * HOUR_MS),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const caPem = certificate.toString('pem') + '\n';

  async function issue(options: LeafOptions): Promise<Leaf> {
    const leafAlgorithm = KEY_ALGORITHMS[options.keyAlg ?? 'P-256'];
    const leafKeys = await webcrypto.subtle.generateKey(leafAlgorithm, true, ['sign', 'verify']);
    const names = subjectAlternativeNames(options);
    const leaf = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${options.commonName ?? 'cmk'}`,
      issuer: certificate.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - HOUR_MS),
      notAfter: options.notAfter ?? new Date(Date.now() + 24 * HOUR_MS),
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        await SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey));
    return { certPem: leaf.toString('pem') + '\n', keyPem: toPem('PRIVATE KEY', pkcs8) };
  }

  return {
    caPem,
    issue,
    async writeIdentity(dir, options) {
      const leaf = await issue(options);
      const files = {
        certPath: join(dir, 'cert.pem'),
        keyPath: join(dir, 'key.pem'),
        caPath: join(dir, 'ca.pem'),
      };
      await mkdir(dir, { recursive: true });
      await replaceFile(files.caPath, caPem, 0o644);
      await replaceFile(files.keyPath, leaf.keyPem, 0o600);
      await replaceFile(files.certPath, leaf.certPem, 0o644);
      return files;
    },
  };
}

function subjectAlternativeNames(options: LeafOptions): JsonGeneralName[] {
  return [
    ...(options.uriSans ?? []).map((value) => ({ type: 'url' as const, value })),
    ...(options.dnsSans ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(options.ipSans ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
}

/** Positive and 16 bytes long, as RFC 5280 §4.1.2.2 wants. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
  await writeFile(temporary, text, { mode });
  await chmod(temporary, mode);
  await rename(temporary, path);
}

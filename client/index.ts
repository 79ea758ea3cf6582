export { ADDRESS_VARIABLE, DEFAULT_ADDRESS } from './address.ts';
export { CmkClient, type ClientOptions } from './client.ts';
export { decryptFile, encryptFile, storedFile, type FileResult } from './files.ts';
export {
  ReencryptionWorker,
  type AssetOutcome,
  type AssetStore,
  type ReencryptionWorkerOptions,
  type Round,
  type StoredFile,
} from './reencryption-worker.ts';
export type { ByteSource } from './source.ts';
export type { CmkStream } from './stream.ts';
export {
  REASONS,
  type AssetDescription,
  type DecryptOptions,
  type EncryptOptions,
  type Protection,
  type Reason,
  type Reencryption,
  type ReencryptionPage,
  type ReencryptOptions,
  type StreamStarted,
} from './types.ts';
export type { Asset } from '../core/asset.ts';
export { CmkError, ERROR_CODES, type ErrorCode } from '../core/errors.ts';

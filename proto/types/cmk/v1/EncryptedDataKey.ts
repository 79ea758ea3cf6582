// Original file: proto/cmk/v1/broker.proto


export interface EncryptedDataKey {
  'providerId'?: (string);
  'providerInfo'?: (Buffer | Uint8Array | string);
  'ciphertext'?: (Buffer | Uint8Array | string);
}

export interface EncryptedDataKey__Output {
  'providerId': (string);
  'providerInfo': (Buffer);
  'ciphertext': (Buffer);
}

// Original file: proto/cmk/v1/sidecar.proto


export interface ListReencryptionRequest {
  'srvId'?: (string);
  'after'?: (string);
  'limit'?: (number);
}

export interface ListReencryptionRequest__Output {
  'srvId': (string);
  'after': (string);
  'limit': (number);
}

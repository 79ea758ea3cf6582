// Original file: proto/cmk/v1/common.proto


export interface Asset {
  'account'?: (string);
  'srvId'?: (string);
  'type'?: (string);
  'id'?: (string);
}

export interface Asset__Output {
  'account': (string);
  'srvId': (string);
  'type': (string);
  'id': (string);
}

// Original file: proto/cmk/v1/broker.proto

export const UseOperation = {
  USE_OPERATION_UNSPECIFIED: 'USE_OPERATION_UNSPECIFIED',
  USE_OPERATION_SEAL: 'USE_OPERATION_SEAL',
  USE_OPERATION_OPEN: 'USE_OPERATION_OPEN',
} as const;

export type UseOperation =
  | 'USE_OPERATION_UNSPECIFIED'
  | 0
  | 'USE_OPERATION_SEAL'
  | 1
  | 'USE_OPERATION_OPEN'
  | 2

export type UseOperation__Output = typeof UseOperation[keyof typeof UseOperation]

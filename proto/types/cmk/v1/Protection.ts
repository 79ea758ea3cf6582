// Original file: proto/cmk/v1/common.proto

export const Protection = {
  PROTECTION_UNSPECIFIED: 'PROTECTION_UNSPECIFIED',
  PROTECTION_CUSTOMER_KEY: 'PROTECTION_CUSTOMER_KEY',
  PROTECTION_FALLBACK_KEY: 'PROTECTION_FALLBACK_KEY',
  PROTECTION_PLATFORM_KEY: 'PROTECTION_PLATFORM_KEY',
} as const;

export type Protection =
  | 'PROTECTION_UNSPECIFIED'
  | 0
  | 'PROTECTION_CUSTOMER_KEY'
  | 1
  | 'PROTECTION_FALLBACK_KEY'
  | 2
  | 'PROTECTION_PLATFORM_KEY'
  | 3

export type Protection__Output = typeof Protection[keyof typeof Protection]

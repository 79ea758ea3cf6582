/** What protects a data key, in words. */
export const PROTECTION_WORDS = {
  CUSTOMER_KEY: 'customer’s key',
  PLATFORM_KEY: 'provider’s key',
  FALLBACK_KEY: 'provider’s key, in place of the customer’s',
};

export const PROTECTIONS = Object.keys(PROTECTION_WORDS);

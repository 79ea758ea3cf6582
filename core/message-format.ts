/** The constants of the sealed file: docs/format.md, "Layout" and "Limits". Lengths are in bytes. */

export const FORMAT_VERSION = 0x02;
/** AES-256-GCM, HKDF-SHA512, key commitment, no signature. */
export const ALGORITHM_SUITE = 0x0478;
export const CONTENT_TYPE_FRAMED = 0x02;

export const DATA_KEY_BYTES = 32;
export const MESSAGE_ID_BYTES = 32;
export const COMMITMENT_BYTES = 32;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** Stands where a regular frame has its sequence number. */
export const FINAL_FRAME_MARKER = 0xffffffff;
export const FIRST_SEQUENCE = 1;
/** The last sequence number; only a final frame can bear it, because the marker has the same value. */
export const MAX_SEQUENCE = 0xffffffff;

export const SEQUENCE_BYTES = 4;
/** Sequence number, IV. */
export const REGULAR_HEAD_BYTES = SEQUENCE_BYTES + IV_BYTES;
/** Marker, sequence number, IV, length. */
export const FINAL_HEAD_BYTES = 4 + SEQUENCE_BYTES + IV_BYTES + 4;
/** What a regular frame adds to its plaintext. */
export const REGULAR_OVERHEAD_BYTES = REGULAR_HEAD_BYTES + TAG_BYTES;
/** What the final frame adds to its plaintext. */
export const FINAL_OVERHEAD_BYTES = FINAL_HEAD_BYTES + TAG_BYTES;

/** Plaintext bytes in each frame but the last, unless a caller chooses otherwise. */
export const DEFAULT_FRAME_BYTES = 64 * 1024;
/** The largest frame that is written or read; a reader holds at most one frame. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** The serialised encryption context, without its own length field. */
export const MAX_CONTEXT_BYTES = 65_535;
export const MAX_ENCRYPTED_DATA_KEYS = 16;
/** The whole header, its tag included; a reader holds at most this much before it knows anything. */
export const MAX_HEADER_BYTES = 128 * 1024;

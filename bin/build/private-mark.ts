/** Ends names that are private, in the bundle of this package: see private-names.ts. */
export const PRIVATE_MARK = '$private';

/** Nobody outside of a class knows its private names, so a build may shorten them. */
export const PRIVATE_NAME = /\$private$/;

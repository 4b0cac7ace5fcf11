/** The level of the NATS protocol and features this broker speaks; clients compare it to know what they may use. */
export const NATS_VERSION = '2.15.0';
export const PRODUCT_VERSION = '0.1.0';
/** The level of the streaming API, which every INFO carries whether or not anything behind it is there. */
export const API_LEVEL = 5;

/** In what a full resolver and a cache differ. */
import type { ResolverOptions } from '../operator/contract.ts';

export interface Flavour {
  readonly id: 'full' | 'cache';
  /** Others are served from here, and compared with: all accounts are here. */
  readonly hasAll: boolean;
  readonly texts: { readonly updated: string; readonly error: string; readonly invalid: string };
}

export const FULL: Flavour = {
  id: 'full',
  hasAll: true,
  texts: { updated: 'jwt updated', error: 'jwt update resulted in error', invalid: 'jwt validation failed' },
};

export const CACHE: Flavour = {
  id: 'cache',
  hasAll: false,
  texts: {
    updated: 'jwt updated cache',
    error: 'jwt update cache resulted in error',
    invalid: 'jwt update cache validation failed',
  },
};

export const SKIPPED = 'jwt update cache skipped';

/** What a cache forgets it can fetch again; so there it needs no permission, and nothing has to be kept. */
export function mayDelete({ hasAll }: Flavour, options: ResolverOptions): boolean {
  return !hasAll || options.allowsDelete;
}

export function deletesForGood({ hasAll }: Flavour, options: ResolverOptions): boolean {
  return !hasAll || options.deletesForGood;
}

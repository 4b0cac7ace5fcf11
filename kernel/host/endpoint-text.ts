/** What an endpoint answers that is no JSON: text of a kind it names, whole or made while it is taken. */
export interface EndpointText {
  readonly isEndpointText: true;
  readonly contentType: string;
  readonly text: string | AsyncIterable<string>;
  /** 200 when absent. */
  readonly status?: number;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function endpointText(
  contentType: string,
  text: EndpointText['text'],
  more: Pick<EndpointText, 'status' | 'headers'> = {},
): EndpointText {
  return { isEndpointText: true, contentType, text, ...more };
}

/** By shape: a plugin may have brought its own copy of gnatlet. */
export function isEndpointText(value: unknown): value is EndpointText {
  return typeof value === 'object' && value !== null && (value as { isEndpointText?: unknown }).isEndpointText === true;
}

/** What is looked at before a configuration itself, when a consumer is to be made or changed. */
import { type ApiError, apiError } from './api-error.ts';
import { type ConsumerConfig, type CreateConsumerRequest, createConsumerRequest } from './consumer-config.ts';
import { DecodeFault, decodeBody } from './json/codec.ts';
import { hasPathSeparator } from './names.ts';

/** What the subject of the request says. Empty for what it leaves out. */
export interface ConsumerAddress {
  readonly stream: string;
  readonly consumer: string;
  readonly filter: string;
  /** By the older subject, that is for durable ones. */
  readonly isDurable: boolean;
}

export function decodeConsumerRequest(body: Uint8Array, isStrict: boolean): CreateConsumerRequest | ApiError {
  const request = decodeBody(body, createConsumerRequest, isStrict);
  return request instanceof DecodeFault ? apiError(10025, { err: request.text }) : request;
}

/** The configuration with the name it asks for, empty where one is to be made up; or why subject and body disagree. */
export function checkConsumerRequest(
  address: ConsumerAddress,
  request: CreateConsumerRequest,
): ConsumerConfig | ApiError {
  const { config } = request;
  if (request.stream !== address.stream) return apiError(10056);
  const name = address.consumer === '' || address.isDurable ? config.name : address.consumer;
  if (hasPathSeparator(name === '' ? config.durableName : name)) return apiError(10127);
  const problem = nameProblem(address, config) ?? filterProblem(address, config);
  if (problem !== null) return problem;
  return config.replicas > 1 ? apiError(10074) : { ...config, name };
}

function nameProblem({ consumer, isDurable }: ConsumerAddress, { durableName }: ConsumerConfig): ApiError | null {
  if (isDurable) {
    if (durableName === '') return apiError(10018);
    return durableName === consumer ? null : apiError(10017);
  }
  if (consumer === '') return durableName === '' ? null : apiError(10020);
  return durableName !== '' && durableName !== consumer ? apiError(10017) : null;
}

function filterProblem({ filter }: ConsumerAddress, config: ConsumerConfig): ApiError | null {
  if (filter === '') return null;
  if (config.filterSubjects.length > 0) return apiError(10137);
  return config.filterSubject === filter ? null : apiError(10131);
}

/** The name a consumer goes by; empty where it is to be made up. */
export function consumerNameOf({ durableName, name }: ConsumerConfig): string {
  return durableName === '' ? name : durableName;
}

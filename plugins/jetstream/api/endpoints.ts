/** Who answers what. */
import type { Endpoint as EndpointName } from '../../../protocols/jetstream/api-subject.ts';
import { accountInfo } from './account-endpoints.ts';
import type { Endpoint } from './api-call.ts';
import { restoreStream, snapshotStream } from './backup-endpoints.ts';
import { createConsumer, createDurable } from './consumer-creation.ts';
import {
  consumerInformation,
  consumerList,
  consumerNames,
  deleteConsumer,
  pauseConsumer,
} from './consumer-endpoints.ts';
import { resetConsumer, unpinConsumer } from './consumer-position.ts';
import { deleteMessage, getMessage, purgeStream } from './message-endpoints.ts';
import { createStream, deleteStream, updateStream } from './stream-creation.ts';
import { streamInformation, streamList, streamNames } from './stream-endpoints.ts';

/** What is not here needs several servers. */
export const ENDPOINT_HANDLERS: Readonly<Partial<Record<EndpointName, Endpoint>>> = {
  INFO: accountInfo,
  'STREAM.CREATE': createStream,
  'STREAM.UPDATE': updateStream,
  'STREAM.DELETE': deleteStream,
  'STREAM.INFO': streamInformation,
  'STREAM.NAMES': streamNames,
  'STREAM.LIST': streamList,
  'STREAM.PURGE': purgeStream,
  'STREAM.SNAPSHOT': snapshotStream,
  'STREAM.RESTORE': restoreStream,
  'STREAM.MSG.GET': getMessage,
  'STREAM.MSG.DELETE': deleteMessage,
  'CONSUMER.CREATE': createConsumer,
  'CONSUMER.DURABLE.CREATE': createDurable,
  'CONSUMER.INFO': consumerInformation,
  'CONSUMER.NAMES': consumerNames,
  'CONSUMER.LIST': consumerList,
  'CONSUMER.DELETE': deleteConsumer,
  'CONSUMER.PAUSE': pauseConsumer,
  'CONSUMER.UNPIN': unpinConsumer,
  'CONSUMER.RESET': resetConsumer,
};

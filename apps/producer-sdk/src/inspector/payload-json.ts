import { encodeJson, parse, type TaskContract } from '@goflow/shared';

/**
 * A payload that takes the place of another, checked as a push checks it.
 *
 * @throws PAYLOAD_INVALID, PAYLOAD_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
 */
export async function toPayloadJson(
  { type, payload: schema }: TaskContract,
  payload: unknown,
  limitBytes: number,
): Promise<string> {
  const subject = `payload of ${type}`;
  await parse(schema, payload, { code: 'PAYLOAD_INVALID', subject });
  // As with a push, the input of the schema goes on the wire, and the worker makes its output.
  return encodeJson(payload, {
    subject,
    notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
    tooLarge: 'PAYLOAD_TOO_LARGE',
    limitBytes,
  });
}

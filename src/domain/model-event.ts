// Events of models: the seven moments at which a row is written, and what their payloads hold.
import { badInput } from '../base/errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { checkChoice } from './workflow.ts';

/** FieldUpdateAfter comes after every write. */
export const modelMoments = [
  'AddBefore',
  'AddAfter',
  'UpdateBefore',
  'UpdateAfter',
  'DeleteBefore',
  'DeleteAfter',
  'FieldUpdateAfter',
] as const;
export type ModelMoment = (typeof modelMoments)[number];

/** The topic of a model's events of one moment. */
export function modelTopic(model: string, moment: string): string {
  return `${model}_${moment}`;
}

/** The sender is the model, whose payload may say the moment, or names both already. */
export function topicOfModel(sender: string, payload: JsonObject): string {
  const moment = momentOf(payload);
  if (moment === null || modelMoments.some((known) => sender.endsWith(`_${known}`))) return sender;
  return modelTopic(sender, moment);
}

/** What the payload calls its moment: `optType`, or `operate`; null where it does not say. */
export function momentOf(payload: JsonObject): string | null {
  const moment = payload.optType ?? payload.operate;
  return typeof moment === 'string' ? moment : null;
}

/**
 * Refuses with BAD_USER_INPUT what an event of the type `events.ModelType` can not have: a moment that there is not, or
 * data that are no row. Everything may be left out, and further fields are allowed.
 */
export function checkModelPayload(payload: JsonObject): void {
  if (payload.model != null && typeof payload.model !== 'string') {
    throw badInput('payload.model must be the full name of a model, such as "models.UserModel".');
  }
  for (const field of ['optType', 'operate'] as const) {
    if (payload[field] != null) checkChoice(`payload.${field}`, payload[field], modelMoments);
  }
  for (const field of ['prevData', 'postData'] as const) {
    if (payload[field] != null && !isJsonObject(payload[field])) {
      throw badInput(`payload.${field} must be an object of the row's fields, or left out.`);
    }
  }
}

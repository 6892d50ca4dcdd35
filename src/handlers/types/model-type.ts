// events.ModelType: elements for rows of a model that are about to be written, or were written.
import { isDeepStrictEqual } from 'node:util';
import type { HandledEvent } from '../../domain/handlers/handler.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/values/json.ts';
import { modelTopic, momentOf } from '../../domain/events/model-event.ts';
import type { Arguments } from '../running/arguments.ts';
import { EventElement } from '../app/event-element.ts';

/** The argument of a function that handles writes of a model. */
export interface ModelEventData {
  readonly model: string;
  /** The moment, such as UpdateAfter. */
  readonly optType: string;
  /** Empty if a row is created. */
  readonly prevData: JsonObject;
  /** Empty if a row is deleted. */
  readonly postData: JsonObject;
  readonly [further: string]: unknown;
}

/** The function is called with one ModelEventData; the topic is `<model>_<operate>`. */
export class ModelType extends EventElement {
  /** Full name of the model: `model` or `sender` in the element's configuration. */
  get model(): string {
    return (this.config.model ?? this.config.sender) as string;
  }

  override getSender(): string {
    return modelTopic(this.model, this.operate ?? '');
  }

  /** Whether model and moment match and, for an update, one of the watched `fields` has changed. */
  override isValid(...args: unknown[]): boolean | Promise<boolean> {
    const data = args[0] as Partial<ModelEventData> | undefined;
    return data?.model === this.model && data.optType === this.operate && this.#matches(data);
  }

  #matches({ prevData, postData }: Partial<ModelEventData>): boolean {
    const fields = (this.config.fields ?? []) as readonly string[];
    if (fields.length === 0 || isEmpty(prevData) || isEmpty(postData)) return true;
    return fields.some((field) => !isDeepStrictEqual(own(prevData, field), own(postData, field)));
  }

  override argumentsOf({ payload }: HandledEvent): readonly unknown[] {
    return [
      {
        ...payload,
        model: payload.model ?? this.model,
        optType: momentOf(payload) ?? this.operate,
        prevData: isJsonObject(payload.prevData) ? payload.prevData : {},
        postData: isJsonObject(payload.postData) ? payload.postData : {},
      },
    ];
  }

  protected override toObject({ args }: Arguments): Record<string, unknown> {
    return { eventOutData: args[0] };
  }
}

function isEmpty(row: JsonObject | undefined): row is undefined {
  return row === undefined || Object.keys(row).length === 0;
}

/** A field of the row, safe for any name; null and absent are the same. */
function own(row: JsonObject, field: string): JsonValue {
  return Object.hasOwn(row, field) ? (row[field] ?? null) : null;
}

// A row as functions of workflow events see it: fields with a value that can be set, and save().
import type { JsonObject, JsonValue } from '../domain/json.ts';

export interface RowField {
  value: JsonValue;
}

/** Stores a row of a model, given plainly. */
export type RowSaver = (row: Record<string, JsonValue>) => unknown;

/** `row.<field>.value`; a further field is added as `row.<field> = { value }`. */
export type WorkflowRow = Record<string, RowField> & {
  /** Gives the row, with what has been set, to the `save` of its model; rejects where the model has none. */
  save(): Promise<unknown>;
};

/** The row of a workflow event; `saver` is null where the model can not save. */
export function workflowRow(model: string, fields: JsonObject, saver: RowSaver | null): WorkflowRow {
  // Without a prototype, so that fields may be called what they like.
  const row = Object.create(null) as WorkflowRow;
  const save = async (): Promise<unknown> => {
    if (saver) return saver(plainRow(row));
    throw new Error(
      `A row of ${model} can not be saved: there is no ${model.replaceAll('.', '/')}/model.ts that works and exports save(row).`,
    );
  };
  define(row, 'save', save, false);
  for (const [name, value] of Object.entries(fields)) {
    // Even a field called save keeps its value: that of the function.
    if (name === 'save') Object.assign(save, { value });
    else define(row, name, { value }, true);
  }
  return row;
}

/** The fields of a row with their values. */
export function plainRow(row: WorkflowRow): Record<string, JsonValue> {
  const fields = Object.entries(row as Record<string, RowField>).map(([name, field]): [string, JsonValue] => [
    name,
    field?.value ?? null,
  ]);
  if (Object.hasOwn(row.save, 'value')) fields.push(['save', (row.save as unknown as RowField).value]);
  return Object.fromEntries(fields);
}

function define(row: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(row, name, { value, enumerable, writable: true, configurable: true });
}

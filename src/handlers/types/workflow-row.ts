// The row object of workflow events: fields with a settable value, and save().
import type { JsonObject, JsonValue } from '../../domain/values/json.ts';

export interface RowField {
  value: JsonValue;
}

/** Saves a row of a model, given as a plain object. */
export type RowSaver = (row: Record<string, JsonValue>) => unknown;

/** `row.<field>.value`. New fields are added with `row.<field> = { value }`. */
export type WorkflowRow = Record<string, RowField> & {
  /** Passes the row, with all changes, to the `save` function of its model. Rejects if the model has none. */
  save(): Promise<unknown>;
};

/** The row of a workflow event; `saver` is null if the model has no save function. */
export function workflowRow(model: string, fields: JsonObject, saver: RowSaver | null): WorkflowRow {
  // Without a prototype, so that any field name is safe.
  const row = Object.create(null) as WorkflowRow;
  const save = async (): Promise<unknown> => {
    if (saver) return saver(plainRow(row));
    throw new Error(
      `A row of ${model} cannot be saved: there is no ${model.replaceAll('.', '/')}/model.ts that works and exports save(row).`,
    );
  };
  define(row, 'save', save, false);
  for (const [name, value] of Object.entries(fields)) {
    // A field called save keeps its value too: as a property of the function.
    if (name === 'save') Object.assign(save, { value });
    else define(row, name, { value }, true);
  }
  return row;
}

/** The fields of a row with their values, as a plain object. */
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

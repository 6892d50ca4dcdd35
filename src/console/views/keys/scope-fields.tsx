// Chooses scopes: a preset, or each by itself; and the rows to which a key or token is restricted.
import { CheckField, SelectField, TextField } from '../../base/form/form.tsx';
import { useSession } from '../../shell/session.ts';
import { presetOf, scopeMeanings, scopePresets } from './scopes.ts';

interface ScopeFieldsProps {
  readonly scopes: ReadonlySet<string>;
  readonly onChange: (scopes: ReadonlySet<string>) => void;
}

/** Scopes that the viewer does not have cannot be given, and are left out. */
export function ScopeFields({ scopes, onChange }: ScopeFieldsProps) {
  const { can } = useSession();
  const offered = Object.entries(scopePresets).filter(([, preset]) => preset.every(can));
  const options = Object.fromEntries(
    [...offered.map(([name]) => name), 'custom'].map((name) => [name, name]),
  );
  const toggle = (scope: string, isChecked: boolean) => {
    const next = new Set(scopes);
    if (isChecked) next.add(scope);
    else next.delete(scope);
    onChange(next);
  };
  return (
    <fieldset className="choices">
      <legend>What it may do</legend>
      <SelectField
        label="Preset"
        value={presetOf(scopes)}
        options={options}
        onChange={(name) => onChange(new Set(scopePresets[name] ?? scopes))}
      />
      <div className="scopes">
        {Object.entries(scopeMeanings)
          .filter(([scope]) => can(scope))
          .map(([scope, meaning]) => (
            <CheckField
              key={scope}
              label={<code>{scope}</code>}
              hint={meaning}
              isChecked={scopes.has(scope)}
              onChange={(isChecked) => toggle(scope, isChecked)}
            />
          ))}
      </div>
    </fieldset>
  );
}

export interface Rows {
  readonly projects: string;
  readonly topics: string;
}

export function RowFields({ rows, onChange }: { rows: Rows; onChange: (rows: Rows) => void }) {
  const { viewer } = useSession();
  const own = (names: readonly string[] | null | undefined) => (names ? names.join(', ') : 'all');
  return (
    <div className="field-row">
      <TextField
        label="Only these projects"
        hint={`Separated by commas. Empty: ${own(viewer.projects)}`}
        isCode
        value={rows.projects}
        onChange={(projects) => onChange({ ...rows, projects })}
      />
      <TextField
        label="Only these topics"
        hint={`Patterns such as order.*. Empty: ${own(viewer.topics)}`}
        isCode
        value={rows.topics}
        onChange={(topics) => onChange({ ...rows, topics })}
      />
    </div>
  );
}

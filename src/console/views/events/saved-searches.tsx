// Searches of the list of events under names, kept in this browser.
import * as Menu from '@radix-ui/react-dropdown-menu';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../../base/dialog.tsx';

export interface SavedSearch {
  readonly name: string;
  /** The search parameters of the address. */
  readonly search: Readonly<Record<string, string>>;
}

const storageKey = 'throughline:events:saved';

/** Offered to everybody. */
const builtIn: readonly SavedSearch[] = [
  { name: 'Failed in the last day', search: { q: 'status:failed since:24h' } },
  { name: 'Without retries left', search: { q: 'is:exhausted' } },
  { name: 'Running now', search: { q: 'status:in_progress' } },
  { name: 'Waiting', search: { q: 'status:pending,restarted' } },
  { name: 'Scheduled', search: { q: 'is:scheduled' } },
];

function readSaved(): readonly SavedSearch[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    return Array.isArray(stored) ? (stored as SavedSearch[]) : [];
  } catch {
    return [];
  }
}

interface SavedSearchesProps {
  readonly search: Readonly<Record<string, string>>;
  readonly onOpen: (search: Readonly<Record<string, string>>) => void;
}

export function SavedSearches({ search, onOpen }: SavedSearchesProps) {
  const [saved, setSaved] = useState(readSaved);
  const [isNaming, setNaming] = useState(false);
  const store = (next: readonly SavedSearch[]) => {
    localStorage.setItem(storageKey, JSON.stringify(next));
    setSaved(next);
  };
  return (
    <>
      <Menu.Root>
        <Menu.Trigger asChild>
          <button type="button">Views ▾</button>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="end" sideOffset={4}>
            {saved.map((one) => (
              <Menu.Item key={one.name} className="menu-item" onSelect={() => onOpen(one.search)}>
                {one.name}
              </Menu.Item>
            ))}
            {saved.length > 0 && <Menu.Separator className="menu-line" />}
            {builtIn.map((one) => (
              <Menu.Item key={one.name} className="menu-item" onSelect={() => onOpen(one.search)}>
                {one.name}
              </Menu.Item>
            ))}
            <Menu.Separator className="menu-line" />
            <Menu.Item className="menu-item" onSelect={() => setNaming(true)}>
              Save this view…
            </Menu.Item>
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      {isNaming && (
        <SaveDialog
          saved={saved}
          onClose={() => setNaming(false)}
          onSave={(name) => store([...saved.filter((one) => one.name !== name), { name, search }])}
          onForget={(name) => store(saved.filter((one) => one.name !== name))}
        />
      )}
    </>
  );
}

interface SaveDialogProps {
  readonly saved: readonly SavedSearch[];
  readonly onClose: () => void;
  readonly onSave: (name: string) => void;
  readonly onForget: (name: string) => void;
}

function SaveDialog({ saved, onClose, onSave, onForget }: SaveDialogProps) {
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(name.trim());
    onClose();
  };
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <form className="fields" onSubmit={submit}>
        <label className="field">
          Name
          <input value={name} required maxLength={80} onChange={({ target }) => setName(target.value)} />
        </label>
        <p className="hint">
          The search, the order and the columns are kept in this browser. An address can be shared as it is.
        </p>
        {saved.length > 0 && (
          <ul className="saved-list">
            {saved.map((one) => (
              <li key={one.name}>
                <span>{one.name}</span>
                <button type="button" className="link" onClick={() => onForget(one.name)}>
                  Forget
                </button>
              </li>
            ))}
          </ul>
        )}
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={name.trim() === ''}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

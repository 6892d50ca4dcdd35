// The keys of the console.
import { Dialog } from '../base/dialog.tsx';
import { isMac } from './open-commands.ts';
import { useSession } from './session.ts';
import { views } from './views.ts';

const everywhere: readonly (readonly [string, string])[] = [
  [isMac ? '⌘ K' : 'Ctrl K', 'Go to a view, an id or a topic; actions'],
  ['/', 'Search in this view'],
  ['?', 'This help'],
  ['Esc', 'Close what is open'],
];

const inChains: readonly (readonly [string, string])[] = [
  ['n', 'Next failure'],
  ['p', 'Previous failure'],
  ['↑ ↓', 'Select'],
  ['← →', 'Close and open'],
];

export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { can } = useSession();
  const going = views
    .filter(({ key, scope }) => key !== undefined && (scope === undefined || can(scope)))
    .map(({ key, title }) => [`g ${key}`, title] as const);
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className="keyboard-help">
        <Keys title="Everywhere" keys={everywhere} />
        <Keys title="In a chain" keys={inChains} />
        <Keys title="Go to" keys={going} />
      </div>
    </Dialog>
  );
}

function Keys({ title, keys }: { title: string; keys: readonly (readonly [string, string])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

// The command palette: goes to a view, a topic, or whatever an id belongs to, and does what the frame can do.
import * as Radix from '@radix-ui/react-dialog';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { type ReactNode, type RefObject, useState } from 'react';
import { PaletteTopicsDocument } from '../../../generated/console/graphql.ts';
import { findRequest } from '../base/find-request.ts';
import { useLiveState } from '../live/live-state.tsx';
import type { Commands } from './open-commands.ts';
import { useSession } from './session.ts';
import { applyTheme, themes } from './theme.ts';
import { views } from './views.ts';
import './palette.css';

interface PaletteProps {
  readonly commands: Commands;
  /** What was typed before it was there. */
  readonly typed: Readonly<RefObject<string>>;
}

export function Palette({ commands, typed }: PaletteProps) {
  const [text, setText] = useState(typed.current);
  const [note, setNote] = useState('');
  const change = (typed: string) => {
    setText(typed);
    setNote('');
  };
  return (
    <Radix.Root open onOpenChange={(isOpen) => !isOpen && commands.close()}>
      <Radix.Portal>
        <Radix.Overlay className="dialog-overlay" />
        <Radix.Content className="dialog palette" aria-describedby={undefined}>
          <Radix.Title className="visually-hidden">Commands</Radix.Title>
          <Command label="Commands" loop>
            <Command.Input
              value={text}
              onValueChange={change}
              placeholder="A view, a topic, an action, or the id of a request or an event"
            />
            <Command.List label="Commands">
              <ViewItems commands={commands} />
              <TopicItems commands={commands} isShort={text === ''} />
              <ActionItems commands={commands} />
              <IdItem text={text.trim()} commands={commands} onNote={setNote} />
            </Command.List>
            <p role="status" className="palette-note">
              {note}
            </p>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface IdItemProps {
  readonly text: string;
  readonly commands: Commands;
  readonly onNote: (note: string) => void;
}

/** What is typed, taken as an id: after all that it may be the beginning of. */
function IdItem({ text, commands, onNote }: IdItemProps) {
  const { client, can } = useSession();
  const navigate = useNavigate();
  if (text === '' || !can('events:read')) return null;
  const open = async () => {
    try {
      const found = await findRequest(client, text);
      if (!found) return onNote('No request, event or hash of this name is known.');
      commands.close();
      const { requestId, eventId } = found;
      const search = eventId === null ? {} : { event: eventId };
      await navigate({ to: '/chains/$requestId', params: { requestId }, search });
    } catch (failure) {
      onNote((failure as Error).message);
    }
  };
  return (
    <Command.Group heading="By id or hash" forceMount>
      <Command.Item forceMount value={`open ${text}`} onSelect={() => void open()}>
        Open the chain of <code>{text}</code>
      </Command.Item>
    </Command.Group>
  );
}

function ViewItems({ commands }: { commands: Commands }) {
  const { can } = useSession();
  const navigate = useNavigate();
  const offered = views.filter(({ scope }) => scope === undefined || can(scope));
  return (
    <Command.Group heading="Go to">
      {offered.map(({ path, title, group, key }) => (
        <Item
          key={path}
          value={title}
          keywords={[group]}
          hint={key && `g ${key}`}
          onSelect={() => {
            commands.close();
            void navigate({ to: path });
          }}
        >
          {title}
        </Item>
      ))}
    </Command.Group>
  );
}

/** So many topics are shown before anything is typed. */
const recentTopics = 6;

function TopicItems({ commands, isShort }: { commands: Commands; isShort: boolean }) {
  const { client, can } = useSession();
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ['palette-topics'],
    queryFn: ({ signal }) => client.query(PaletteTopicsDocument, {}, { signal }),
    enabled: can('events:read'),
    staleTime: 30_000,
  });
  const topics = (data?.topics ?? []).toSorted((a, b) =>
    (b.lastEventAt ?? '').localeCompare(a.lastEventAt ?? ''),
  );
  if (topics.length === 0) return null;
  return (
    <Command.Group heading={isShort ? 'Recent topics' : 'Topics'}>
      {topics.slice(0, isShort ? recentTopics : undefined).map(({ name }) => (
        <Item
          key={name}
          value={`topic ${name}`}
          onSelect={() => {
            commands.close();
            void navigate({ to: '/topics/$name', params: { name } });
          }}
        >
          {name}
        </Item>
      ))}
    </Command.Group>
  );
}

function ActionItems({ commands }: { commands: Commands }) {
  const { signOut, can } = useSession();
  const { isPaused, setPaused } = useLiveState();
  const navigate = useNavigate();
  const run = (action: () => void) => () => {
    commands.close();
    action();
  };
  return (
    <Command.Group heading="Actions">
      <Item
        value={isPaused ? 'Resume live updates' : 'Pause live updates'}
        onSelect={run(() => setPaused(!isPaused))}
      >
        {isPaused ? 'Resume live updates' : 'Pause live updates'}
      </Item>
      {themes.map((theme) => (
        <Item key={theme} value={`Theme ${theme}`} onSelect={run(() => applyTheme(theme))}>
          Theme: {theme}
        </Item>
      ))}
      {can('events:read') && (
        <Item
          value="First steps"
          keywords={['getting started', 'guide']}
          onSelect={run(() => void navigate({ to: '/', search: { guide: 'open' } }))}
        >
          First steps
        </Item>
      )}
      <Item
        value="Keys of the keyboard"
        keywords={['help', 'shortcuts']}
        hint="?"
        onSelect={commands.openHelp}
      >
        Keys of the keyboard
      </Item>
      <Item value="Sign out" onSelect={run(() => signOut())}>
        Sign out
      </Item>
    </Command.Group>
  );
}

interface ItemProps {
  readonly value: string;
  readonly keywords?: string[];
  readonly hint?: string | undefined;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

function Item({ value, keywords, hint, onSelect, children }: ItemProps) {
  return (
    <Command.Item value={value} {...(keywords && { keywords })} onSelect={onSelect}>
      <span>{children}</span>
      {hint && <kbd>{hint}</kbd>}
    </Command.Item>
  );
}

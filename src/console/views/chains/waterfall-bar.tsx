// When an event waited and ran, as a bar on the time axis of the chain.
import { durationText } from '../../base/time.tsx';
import { spanOf, type TimeSpan, timingOf } from './model/timing.ts';
import type { VisibleNode } from './model/visible-tree.ts';

interface WaterfallBarProps {
  readonly node: VisibleNode;
  readonly span: TimeSpan;
  readonly now: number;
  readonly isCritical: boolean;
}

export function WaterfallBar({ node, span, now, isCritical }: WaterfallBarProps) {
  const lengthMs = Math.max(1, span.to - span.from);
  const placed = (from: number, ms: number) => ({
    left: `${((from - span.from) / lengthMs) * 100}%`,
    width: `${(ms / lengthMs) * 100}%`,
  });
  const className = isCritical ? 'bar is-critical' : 'bar';
  if (node.isGroup) {
    const { from, to } = spanOf(node.members, now)!;
    return (
      <span className={className} title={`${node.members.length} events within ${durationText(to - from)}`}>
        <i
          className={isWaiting(node) ? 'bar-queue' : `bar-group status-${node.status.toLowerCase()}`}
          style={placed(from, to - from)}
        />
      </span>
    );
  }
  const { queuedAt, queueMs, runMs, isEnded } = timingOf(node.members[0]!.event, now);
  const isMoment = queueMs === 0 && runMs === 0;
  const running = isEnded ? '' : ' is-open';
  return (
    <span
      className={className}
      title={isMoment ? 'Sent as a fact' : `waited ${durationText(queueMs)}, ran ${durationText(runMs)}`}
    >
      {queueMs > 0 && <i className="bar-queue" style={placed(queuedAt, queueMs)} />}
      {(runMs > 0 || isMoment) && (
        <i
          className={`${isMoment ? 'bar-moment' : 'bar-run'} status-${node.status.toLowerCase()}${running}`}
          style={isMoment ? { left: placed(queuedAt, 0).left } : placed(queuedAt + queueMs, runMs)}
        />
      )}
    </span>
  );
}

/** None of its events runs. */
function isWaiting({ status }: VisibleNode): boolean {
  return status === 'PENDING' || status === 'RESTARTED';
}

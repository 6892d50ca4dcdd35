// Webhooks and schedules.
import { Heading } from '../../base/notice.tsx';

export function Triggers() {
  return <Heading title="Triggers" />;
}

// The durable subscriptions: position, lag, filter errors.
import { Heading } from '../../base/notice.tsx';

export function Subscriptions() {
  return <Heading title="Subscriptions" />;
}

// Sends an event.
import { Heading } from '../../base/notice.tsx';

export function Send() {
  return <Heading title="Send" />;
}

// One consumer: its backlog, its workers, and how to steer it.
import { Heading } from '../../base/notice.tsx';

export function ConsumerView() {
  return <Heading title="Consumer" />;
}

// One topic: its schema, its rate, who sends and who consumes.
import { Heading } from '../../base/notice.tsx';

export function TopicView() {
  return <Heading title="Topic" />;
}

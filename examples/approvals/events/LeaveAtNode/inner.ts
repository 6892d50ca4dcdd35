// Tells those who decide on a leave request when it is their turn, and when it no longer is: at each node somebody else.
import { app, type WorkflowEventData } from 'throughline';

const deciders: Readonly<Record<string, string>> = {
  deptApproval: 'the head of the department',
  managerApproval: 'the manager',
  directorApproval: 'the director',
};

/** `triggerNode` is the element's own word, the node; `data.triggerNode` is what was sent, such as `after.deptApproval`. */
export async function handleMultiNodeChange(data: WorkflowEventData, triggerNode: string) {
  const decider = deciders[triggerNode];
  const who = data.row.employee?.value;
  const isOver = data.triggerNode === `after.${triggerNode}`;
  const text = isOver ? `The request of ${who} is decided` : `${who} asks for ${data.row.days?.value} days`;
  await app.getElement('services.NotificationSvc').notify(decider, text);
  return { told: decider, text };
}

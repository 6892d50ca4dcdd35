// Tells those who decide on a leave request that it is their turn: at each node somebody else.
import { app, type WorkflowEventData } from 'throughline';

const deciders: Readonly<Record<string, string>> = {
  deptApproval: 'the head of the department',
  managerApproval: 'the manager',
  directorApproval: 'the director',
};

export async function handleMultiNodeChange({ row }: WorkflowEventData, triggerNode: string) {
  const decider = deciders[triggerNode];
  const who = row.employee?.value;
  await app.getElement('services.NotificationSvc').notify(decider, `${who} asks for ${row.days?.value} days`);
  return { asked: decider };
}

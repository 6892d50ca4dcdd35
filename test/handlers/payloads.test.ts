// Payloads of workflow and model events: refusals, each with the path and a correction.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/values/json.ts';
import { checkModelPayload, topicOfModel } from '../../src/domain/events/model-event.ts';
import { checkWorkflowPayload } from '../../src/domain/handlers/workflow.ts';

const process = { model: 'models.Order', operate: 'Process', row: { no: 1 }, status: 'approved' };
const change = { model: 'models.Order', operate: 'NodeChange', row: {}, triggerNode: 'a' };
const handled = { model: 'models.Order', operate: 'NodeHandled', row: {}, nodeId: 'a', handleType: 'agree' };

describe('The payload of a workflow event', () => {
  it.each([process, change, handled, { ...handled, nodeTitle: null, further: [1] }])(
    'may be %j',
    (payload) => {
      expect(() => checkWorkflowPayload(payload, 'models.Order')).not.toThrow();
    },
  );

  it.each<[object, string]>([
    [{}, 'payload.model is missing; it must be the full name of a model, such as "models.OrderModel".'],
    [
      { ...process, model: 'models.Other' },
      'payload.model must be the sender, "models.Order", not "models.Other".',
    ],
    [
      { ...process, operate: 'Proces' },
      'payload.operate must be one of Process, NodeChange, NodeHandled, not "Proces" (did you mean Process?).',
    ],
    [
      { ...process, operate: undefined },
      'payload.operate must be one of Process, NodeChange, NodeHandled, not nothing.',
    ],
    [{ ...process, row: [] }, "payload.row must be an object of the row's fields, not []."],
    [
      { ...process, status: undefined },
      'payload.status is missing; it must be a non-empty string for Process.',
    ],
    [{ ...process, status: 3 }, 'payload.status must be a non-empty string for Process, not 3.'],
    [
      { ...change, triggerNode: ['a'] },
      'payload.triggerNode must be a non-empty string for NodeChange, not ["a"].',
    ],
    [{ ...handled, nodeId: '' }, 'payload.nodeId must be a non-empty string for NodeHandled, not "".'],
    [
      { ...handled, handleType: null },
      'payload.handleType must be a non-empty string for NodeHandled, not null.',
    ],
    [{ ...process, nodeTitle: {} }, 'payload.nodeTitle must be a string or omitted, not {}.'],
  ])('is refused: %j', (payload, message) => {
    expect(() => checkWorkflowPayload(payload as JsonObject, 'models.Order')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message }),
    );
  });
});

describe('The payload of a model event', () => {
  it.each([
    {},
    { optType: 'AddAfter', postData: { a: 1 } },
    { operate: 'DeleteBefore', prevData: null, more: 1 },
  ])('may be %j', (payload) => {
    expect(() => checkModelPayload(payload)).not.toThrow();
  });

  it.each<[object, string]>([
    [{ model: 1 }, 'payload.model must be the full name of a model, such as "models.UserModel".'],
    [
      { optType: 'AfterAdd' },
      'payload.optType must be one of AddBefore, AddAfter, UpdateBefore, UpdateAfter, DeleteBefore, DeleteAfter, FieldUpdateAfter, not "AfterAdd".',
    ],
    [{ postData: [1] }, "payload.postData must be an object of the row's fields, or omitted."],
  ])('is refused: %j', (payload, message) => {
    expect(() => checkModelPayload(payload as JsonObject)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message }),
    );
  });
});

describe('The topic of a model event', () => {
  it.each([
    ['models.User', { optType: 'AddAfter' }, 'models.User_AddAfter'],
    ['models.User', { operate: 'AddAfter' }, 'models.User_AddAfter'],
    ['models.User_AddAfter', { optType: 'AddAfter' }, 'models.User_AddAfter'],
    ['models.User', { a: 1 }, 'models.User'],
  ])('of %s with %j is %s', (sender, payload, topic) => {
    expect(topicOfModel(sender, payload as JsonObject)).toBe(topic);
  });
});

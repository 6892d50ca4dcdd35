// AYON's REST API for single events, line by line of its contract.
import { describe, expect, it } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { ayonGateway, newTopic } from './support.ts';

const statuses = ['pending', 'in_progress', 'finished', 'failed', 'aborted', 'restarted'];

describeDatabases('AYON’s events', (backend) => {
  const client = ayonGateway(backend);

  describe('the address', () => {
    it('answers without a key, with and without a slash at its end', async () => {
      for (const path of ['', '/']) expect((await client().get(path, { key: null })).status).toBe(200);
      const { status, body } = await client().get('/api/info', {
        key: null,
        headers: { authorization: 'Bearer wrong' },
      });
      expect(status).toBe(200);
      expect(body).toEqual({ version: '1.16.0', uptime: expect.any(Number) });
    });

    it('serves the OpenAPI document', async () => {
      const { body } = await client().get('/openapi.json', { key: null });
      expect(Object.keys(body.paths)).toContain('/api/enroll');
    });

    it('answers other paths with a clear 404', async () => {
      for (const path of ['/api/projects', '/api/secrets/x', '/api/addons/x/1/settings', '/api/events'])
        expect((await client().get(path)).body).toEqual({ code: 404, detail: expect.stringContaining(path) });
    });
  });

  describe('the caller', () => {
    it('takes a key as X-Api-Key and as ApiKey, and never as Bearer', async () => {
      const key = 'test-key-of-the-ayon-suite';
      const me = (headers: Record<string, string>) => client().get('/api/users/me', { key: null, headers });
      expect((await me({ 'x-api-key': key })).status).toBe(200);
      expect((await me({ authorization: `ApiKey ${key}` })).status).toBe(200);
      expect((await me({ authorization: `Bearer ${key}` })).body).toEqual({
        code: 401,
        detail: expect.any(String),
      });
      expect((await me({})).status).toBe(401);
      expect((await client().get(`/api/users/me?token=${key}`, { key: null })).status).toBe(401);
      expect((await client().ask('POST', '/graphql', { query: '{x}' }, { key: null })).status).toBe(401);
    });

    it('says who it is, and that there are no attributes and no passwords', async () => {
      expect((await client().get('/api/users/me')).body).toMatchObject({
        name: 'admin',
        active: true,
        attrib: {},
        ownAttrib: [],
        data: { isService: true },
      });
      expect((await client().get('/api/attributes')).body).toEqual({ attributes: [] });
      expect((await client().ask('POST', '/api/auth/login', { name: 'a', password: 'b' })).status).toBe(401);
      expect((await client().ask('POST', '/api/auth/logout')).status).toBe(200);
    });

    it('answers 403 to a key without the scope', async () => {
      const key = await client().newKey({ name: 'reader', scopes: ['events:read'] });
      const { status, body } = await client().ask('POST', '/api/events', { topic: newTopic() }, { key });
      expect([status, body.code]).toEqual([403, 403]);
      const id = await client().send({ topic: newTopic() });
      expect((await client().patch(id, { description: 'x' }, { key })).status).toBe(403);
      expect((await client().get(`/api/events/${id}`, { key })).status).toBe(200);
    });
  });

  describe('POST', () => {
    it('makes a finished event with all defaults', async () => {
      const topic = newTopic();
      const id = await client().send({ topic });
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      const event = await client().read(id);
      expect(event).toEqual({
        id,
        hash: id,
        topic,
        sender: null,
        senderType: 'api',
        project: null,
        user: 'admin',
        dependsOn: null,
        status: 'finished',
        retries: 0,
        description: '',
        summary: {},
        payload: {},
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
        updatedAt: event.createdAt,
      });
    });

    it('takes both spellings and headers, and ignores names that nobody knows and nulls', async () => {
      const parent = await client().send({ topic: newTopic() });
      const headers = { 'x-sender': 'tab 7', 'x-sender-type': 'web', 'x-as-user': 'Jörg' };
      const id = await client().send(
        { topic: newTopic(), depends_on: parent, hash: null, project: null, unknown: 1, finished: false },
        { headers: { ...headers, 'x-as-user': Buffer.from('Jörg').toString('latin1') } },
      );
      expect(await client().read(id)).toMatchObject({
        dependsOn: parent,
        sender: 'tab 7',
        senderType: 'web',
        user: 'Jörg',
        status: 'pending',
      });
      const own = await client().send(
        { topic: newTopic(), user: 'ä b', sender: 'host-1.local' },
        { headers: { 'x-sender': 'x' } },
      );
      expect(await client().read(own)).toMatchObject({ user: 'ä b', sender: 'host-1.local' });
    });

    it('refuses a hash that is taken, with the id of who has it, until that is deleted', async () => {
      const hash = newTopic('hash');
      const id = await client().send({ topic: newTopic(), hash });
      const again = await client().ask('POST', '/api/events', { topic: newTopic(), hash });
      expect([again.status, again.body]).toEqual([
        409,
        { code: 409, detail: expect.any(String), eventId: id },
      ]);
      const same = await client().ask('POST', '/api/events', { topic: newTopic(), hash: id });
      expect(same.status).toBe(200);
      const ownId = await client().send({ topic: newTopic() });
      const taken = await client().ask('POST', '/api/events', { topic: newTopic(), hash: ownId });
      expect([taken.status, taken.body.eventId]).toEqual([409, ownId]);
      expect((await client().ask('DELETE', `/api/events/${id}`)).status).toBe(204);
      expect(await client().send({ topic: newTopic(), hash })).not.toBe(id);
    });

    it('replaces what has the hash with reuse, whatever its status is', async () => {
      const hash = newTopic('hash');
      const topic = newTopic();
      const id = await client().send({ topic: newTopic(), hash, payload: { a: 1 } });
      const again = await client().send({ topic, hash, reuse: true, finished: false, payload: { b: 2 } });
      expect(await client().read(again)).toMatchObject({ topic, hash, status: 'pending', payload: { b: 2 } });
      if (again !== id) expect((await client().get(`/api/events/${id}`)).status).toBe(404);
    });

    it('stores nothing with store: false, nor looks at the hash', async () => {
      const hash = newTopic('hash');
      await client().send({ topic: newTopic(), hash });
      const id = await client().send({ topic: newTopic(), hash, store: false });
      expect((await client().get(`/api/events/${id}`)).status).toBe(404);
    });

    it('answers two identical requests at once', async () => {
      const topic = newTopic();
      const answers = await Promise.all([1, 2].map(() => client().ask('POST', '/api/events', { topic })));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    });

    it.each([
      ['', 400],
      ['[]', 400],
      ['{"topic":', 400],
      [{}, 400],
      [{ topic: null }, 400],
      [{ topic: 'a*' }, 400],
      [{ topic: 7 }, 400],
      [{ topic: 'a', finished: 'true' }, 400],
      [{ topic: 'a', summary: null }, 400],
      [{ topic: 'a', payload: [] }, 400],
      [{ topic: 'a', description: 5 }, 400],
      [{ topic: 'a', dependsOn: 'ABC' }, 400],
      [{ topic: 'a', dependsOn: '0190a1b2-0000-7000-8000-000000000000' }, 400],
      [{ topic: 'a', dependsOn: '0190a1b2000070008000000000000000' }, 409],
    ])('refuses %j', async (body, expected) => {
      const { status, body: answer } = await client().ask('POST', '/api/events', body);
      expect([status, answer]).toEqual([expected, { code: expected, detail: expect.any(String) }]);
    });
  });

  it('refuses a body that is too large with 413', async () => {
    const payload = { text: 'x'.repeat(17 * 1024 * 1024) };
    const { status, body } = await client().ask('POST', '/api/events', { topic: 'a', payload });
    expect([status, body.code]).toEqual([413, 413]);
  });

  describe('GET and DELETE', () => {
    it('takes ids of 32 lower-case digits alone', async () => {
      const id = await client().send({ topic: newTopic() });
      const hyphens = `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`;
      for (const wrong of [hyphens, 'A'.repeat(32), id.slice(1), `${id}0`])
        for (const method of ['GET', 'PATCH', 'DELETE'])
          expect(
            (await client().ask(method, `/api/events/${wrong}`, method === 'PATCH' ? {} : undefined)).status,
          ).toBe(400);
      expect((await client().get(`/api/events/${'0'.repeat(32)}`)).status).toBe(404);
    });

    it('deletes, also what is gone, but not what others depend on', async () => {
      const parent = await client().send({ topic: newTopic() });
      const child = await client().send({ topic: newTopic(), dependsOn: parent });
      expect((await client().ask('DELETE', `/api/events/${parent}`)).status).toBe(409);
      for (const id of [child, child, parent]) {
        const { status, body } = await client().ask('DELETE', `/api/events/${id}`);
        expect([status, body]).toEqual([204, undefined]);
      }
    });
  });

  describe('PATCH', () => {
    it('lets any status follow any, on events that are no jobs, and records it', async () => {
      const id = await client().send({ topic: newTopic() });
      for (const from of statuses)
        for (const to of statuses) {
          for (const status of [from, to]) expect((await client().patch(id, { status })).status).toBe(204);
          expect((await client().read(id)).status).toBe(to);
        }
      const { data } = await client().ours('query ($id: ID!) { event(id: $id) { history { to } } }', { id });
      expect(data.event.history.length).toBeGreaterThan(36);
    });

    it('replaces what is given, and leaves the rest', async () => {
      const id = await client().send(
        { topic: newTopic(), summary: { a: 1 }, payload: { a: 1 }, user: 'u', sender: 's' },
        { headers: { 'x-sender-type': 'web' } },
      );
      const { status, body } = await client().patch(
        id,
        { summary: { b: 2 }, payload: null, project_name: 'p', description: 'd', retries: 2, status: null },
        { headers: { 'x-sender': 'other' } },
      );
      expect([status, body]).toEqual([204, undefined]);
      expect(await client().read(id)).toMatchObject({
        summary: { b: 2 },
        payload: { a: 1 },
        project: 'p',
        description: 'd',
        retries: 2,
        status: 'finished',
        user: 'u',
        sender: 'other',
        senderType: 'web',
      });
    });

    it('changes nothing that can be read by progress alone; a description beside it is stored', async () => {
      const id = await client().send({ topic: newTopic() });
      const before = await client().read(id);
      const headers = { 'x-sender': 'tab' };
      for (const progress of [0, 33.3, 100])
        expect((await client().patch(id, { progress }, { headers })).status).toBe(204);
      expect(await client().read(id)).toEqual(before);
      await client().patch(id, { progress: 5, description: 'halfway' });
      expect((await client().read(id)).description).toBe('halfway');
    });

    it.each([
      { status: '' },
      { status: 'FINISHED' },
      { status: 42 },
      { status: false },
      { progress: 101 },
      { progress: -1 },
      { progress: '5' },
      { summary: 'x' },
      { retries: 1.5 },
      { description: true },
      { sender: 3 },
    ])('refuses %j, and changes nothing', async (wrong) => {
      const id = await client().send({ topic: newTopic() });
      const before = await client().read(id);
      const { status, body } = await client().patch(id, { user: 'somebody', ...wrong });
      expect([status, body]).toEqual([400, { code: 400, detail: expect.any(String) }]);
      expect(await client().read(id)).toEqual(before);
    });

    it('answers 404 for an unknown event, also for progress alone or nothing', async () => {
      for (const body of [{ status: 'finished' }, { progress: 5 }, {}])
        expect((await client().patch('0'.repeat(32), body)).status).toBe(404);
    });
  });
});

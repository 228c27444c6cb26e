// An OpenID provider for the tests of signing in: `node provider.mjs LOGIN AMR` says where it is, and signs that user in without
// asking. Everything that is judged (PKCE, codes, rotation, signatures) is the library's own.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [, , login, amr] = process.argv;
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'pocketdocket',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://localhost'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    }],
    scopes: ['openid', 'offline_access', 'profile', 'https://outlook.office365.com/EWS.AccessAsUser.All'],
    claims: { openid: ['sub', 'amr', 'auth_time'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    cookies: { keys: ['for tests alone'] },
    features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
    interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, preferred_username: sub }),
    }),
    // Everybody has consented.
    loadExistingGrant: async (context) => consent(context.oidc.client.clientId, context.oidc.session.accountId),
  });

  async function consent(clientId, accountId) {
    const grant = new provider.Grant({ clientId, accountId });
    grant.addOIDCScope('openid offline_access profile https://outlook.office365.com/EWS.AccessAsUser.All');
    await grant.save();
    return grant;
  }

  const answer = provider.callback();
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    try {
      if (url.pathname.startsWith('/interaction/')) {
        const result = { login: { accountId: login, amr: amr.split(','), remember: false }, consent: {} };
        await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
      } else if (url.pathname === '/approve') {
        // A person entered the code on another device: the library has pages for it, and this is what they come to.
        const code = await provider.DeviceCode.findByUserCode(url.searchParams.get('user_code').replace(/\W/g, ''));
        const grant = await consent('pocketdocket', login);
        Object.assign(code, {
          accountId: login,
          grantId: grant.jti,
          amr: amr.split(','),
          authTime: Math.floor(Date.now() / 1000),
          claims: {},
          scope: code.params.scope,
        });
        await code.save(600);
        response.writeHead(204).end();
      } else {
        answer(request, response);
      }
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  console.log(issuer);
});

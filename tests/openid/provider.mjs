// An OpenID provider for the tests of signing in: `node provider.mjs LOGIN AMR [CERTIFICATE]` says where it is, signs that user in
// without asking, and knows an app by its certificate. Everything that is judged (PKCE, codes, rotation, signatures, statements
// that come twice) is the library's own, and the thumbprint is Node's.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [, , login, amr, file] = process.argv;
const certificate = file && new X509Certificate(readFileSync(file));
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [...(certificate ? [{
      client_id: 'pocketdocket-app',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      scope: 'https://graph.microsoft.com/.default',
      jwks: { keys: [certificate.publicKey.export({ format: 'jwk' })] },
    }] : []), {
      client_id: 'pocketdocket',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://localhost'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    }],
    scopes: ['openid', 'offline_access', 'profile', 'https://outlook.office365.com/EWS.AccessAsUser.All',
      'https://graph.microsoft.com/.default'],
    clientAuthMethods: ['none', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['PS256'] },
    assertJwtClientAuthClaimsAndHeader: async (context, claims, header) => {
      const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
      if (header['x5t#S256'] !== thumbprint) throw new Error('another certificate');
    },
    claims: { openid: ['sub', 'amr', 'auth_time'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    cookies: { keys: ['for tests alone'] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
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

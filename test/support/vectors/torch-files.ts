import { inflateSync } from 'node:zlib';

/**
 * Files that PyTorch 2.15 wrote: `torch.save` of the state dict of `Sequential(Conv2d(2, 3, 1, bias=False),
 * BatchNorm2d(3))`, in the legacy format as `{'epoch': 240, 'model': state_dict}`, in the zip format as it is.
 * Deflated, base64.
 */
export const legacyFile: Uint8Array = unpack(
  'eNp1k0lv00AUx72kSWtoKUuBspbdYQlxmqQ2SxMk1MuwmosvyHLsUWxw7Tx7XARSpF4qAZ+BQ498C/p1uHFF4sDzkm4YS17mzXu//5uZvzeFr5' +
    'L/59va76V3318tNjaF5z9FfI6Bk415juNGUchCO/TNDRrFXhgAjwnGLM74HmM+NWngeFYAwmdDwiD7OKJm7H2iMYhjqMjGFAZjN4wYTBHBEHHk' +
    'BQyqpGJUUkYYDKFGKkky0Uzz6Si0XeDJr2y0HjrUB8HGJnxqM+whll5GDo2o89SzmQRiXU+VpjG32fhAvaGLYjYLI9ttmAnz/FgyIzpIPN8xGQ' +
    '3iMDI3WhJUZdmopd1hpjWkUMtLpDU/tNibPCjBtDGHOVp7Res2VVXROq1uG2ayhdijBCRSfcHgyGvCyUQkAuEJz+ConH+l37Nf3LS/OQbHdJjP' +
    'mlQmTR53sQe35h7WWNa6KpxwJSIi+ySyibgFpwi/BQs57TSDMzqcNaoZbeBZMSz+h9VWlBacK1jnC9aFlHUxZ11icFmHpaxMaURJEHjB0FyneK' +
    'ZX/mF2tBWl22kvN9twtWBeK5jXU+aNnHmTwS0d5Mwme8wNK4J6ObKpNrUu3C6Qdwrk3RR5L0c2GNzXoWksZMggWTcHFrNdGpsssuz31AElRxen' +
    '+AydtXuIrcNqLVWFZVTjUa2NavV6rtJh0NVhJRmDasxgCe4DsxyLWaBl8w9kA6McPBzDo8w8k7/iMeFjg08dCKtj6Lm7YwX6Y3iCYyFO4kFq87' +
    'epzUtWz5c1KZRtvVjml0rZwU+VubdKG6l982uzz3HbeO/0ee7gtZfD9TBvFd+r++owxmFdv78v9gMfOxjbqR4gZbWY3+/lddu9v13VEow=',
);

export const zipFile: Uint8Array = unpack(
  'eNqlVk1s21Qcf4nbJMuy9GNs7croYHy50KX1R9x0ZW0VoVw8QQlCsnaxHMfE1lxnf/ulE0iVIkElEDcOnADtgsQVLhzXA+LOHYkDQogTVyQuvO' +
    'eXevYrbUf6klfHiX8f7/n//9U7ujCBUKmEjo1pNIus0Ha9PWela2Gr9uC+32pW0b3MGOZtu+/7jo29fhCV3w67Tuh03/RsXAa01IacaFDu1dpD' +
    'x+u5GPI27hPSmjnAnh+VzdDpDDy/a2IniPqhuSeXQRBFo0gwEbnS6jkwwSDllt+38LvsyzJMGjnKCwVDIEf7wQCKegFD6R0dibqg5/WcnsNwQW' +
    'Sf6Ofypy51dBFDpQ2XYlvSka2qS1TdCZexSjDlFnUBwzRh04UDmNFzBzDL8JcxPNOGK0Yhxnc8K4KrGbQMcww9P0Jfo+gFhn4Ww/U2PGdUY3Q4' +
    'CAIv6Jm7jhXAYoZFgRuM5fkRywuU5SZjeRHDS2142biUYdmzQnglQ6LCq4xEHJEsUZLXGMnrGJbbcMu4EpMEg12zY2HbdSITh5Z93+lCjZGN9v' +
    '9uP+gl278S89dhlfCTvZUI/9IS45UxKG1QB/tQNy6Qi8jqsEUrCLT49zXRoPUFjX1Yj2/0nhNGpHrgtp6LRnd1Yx/ecJNzCe7swyY5z0eDqFPb' +
    '0Yslb+jdw3mE6Nw5sYbnUDGp4dr7/XDXwuZIrdUUaClLlOyHv375iOrQeTLZAlp7QjYqTtPyvV6w6wS41VS41niqoanUwNZD+JMsBOVPNTCDth' +
    'IDnQ+w06fN1mpujKN7NHwPY9+hHg7u/HaN1nThVA9VtJlJhZXVVvP2OQww1uEm+bOF0DaZQzIfbVFH7d//uDFPfpg/w9Fy1pHUaoro6fWpHtom' +
    '722q+d0X1e8r5IvKGZqNrKbcaqpovPUPHxPCQ6J/SPXvfjP5yRj6yvj6dN/j/d+k+n//9JU+hr56jvWTvX9E5mG8/9OXP3s8hn79HOuPR5wpv9' +
    '50qFjpVO0ptJFoJ1myNm4LKGWq/PPXvffO7v9FJD8JoHjZkRN6JIE+tOh/X9Prtpq1/2lEkrVGXVtT1rV1TSUvWZPIaMhqQ5PqmqysynVFUeU4' +
    'Jj8O3poViQ8xdpmjZhOf6TyePuacf47g0ekAnssgf8yjkxKcJ0mH6EI2OAV0SnLzPOkgnMnwfJ7iSQKYh6dTq5qBX51AXHby2HT6ZLHf8liJx6' +
    'aTI4u9PslhZR6b7vos9kseq/DYdMdyugUOqx6rmlTHcbo8ts5j0z0zlcHOFxHfoTw4XcqL2XucAv93k+3ohcLyUUsKtxJkhTv+k2fHRukoYgr0' +
    'aQcpF9k5e9qYLDBMJb6eXfsv0Yl+sg==',
);

/** What both hold. */
export const fileTensors: Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
> = {
  '0.weight': { shape: [3, 2, 1, 1], values: [0, 0.25, 0.5, 0.75, 1, 1.25] },
  '1.weight': { shape: [3], values: [1, 2, 3] },
  '1.bias': { shape: [3], values: [-1, -2, -3] },
  '1.running_mean': { shape: [3], values: [0.5, 0.25, 0.125] },
  '1.running_var': { shape: [3], values: [4, 5, 6] },
};

function unpack(text: string): Uint8Array {
  return new Uint8Array(inflateSync(Buffer.from(text, 'base64')));
}

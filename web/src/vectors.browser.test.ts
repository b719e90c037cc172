/** The same vectors in a real browser, whose WebCrypto and Unicode tables are not Node's. */
import './chain/vectors.test';
import './e2ee/life.test';
import './e2ee/opaque.test';
import './e2ee/vectors.test';
import './wire/codec.test';

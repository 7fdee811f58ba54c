import ArgumentParser
import Crypto
import X509
import Yams
@main struct Carekeep: AsyncParsableCommand {}
